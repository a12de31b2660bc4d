#!/usr/bin/env bash
# Makes sure that a Docker engine answers, and leaves it running. A second call finds it and does nothing.
#
#   scripts/docker-engine.sh
#
# If none answers and this is root on Debian or Ubuntu, it installs `docker.io` where `dockerd` is missing and starts
# the engine: through systemd where systemd is in charge, else `dockerd` itself, detached. Anywhere else it says in one
# sentence what to do. It never stops, restarts or reconfigures an engine that is there.
#
# Exit codes: 0 an engine answers; 3 a prerequisite is missing.
#
# Environment:
#   DOCKER_HOST            the engine to ask; one that is not on the default socket is never started from here
#   SYNTHGEN_DOCKER_DIR    keep the engine's data, socket, pid file, log and lock in this folder, beside any other
#                          engine of the machine (then use DOCKER_HOST=unix://$SYNTHGEN_DOCKER_DIR/docker.sock)
#   SYNTHGEN_DOCKER_WAIT_S how long a started engine may take until it answers (default 60)
set -euo pipefail

readonly default_socket=/var/run/docker.sock
readonly wait_s="${SYNTHGEN_DOCKER_WAIT_S:-60}"

if [[ -n "${SYNTHGEN_DOCKER_DIR:-}" ]]; then
    readonly private=1 socket="$SYNTHGEN_DOCKER_DIR/docker.sock"
    readonly pid_file="$SYNTHGEN_DOCKER_DIR/docker.pid" log_file="$SYNTHGEN_DOCKER_DIR/dockerd.log"
    readonly lock_file="$SYNTHGEN_DOCKER_DIR/start.lock" data_dir="$SYNTHGEN_DOCKER_DIR/data"
    export DOCKER_HOST="unix://$socket"
else
    readonly private=0 socket="$default_socket"
    readonly pid_file=/var/run/docker.pid log_file=/var/log/dockerd.log
    readonly lock_file=/var/run/synthgen-docker.lock data_dir=/var/lib/docker
    export DOCKER_HOST="${DOCKER_HOST:-unix://$socket}"
fi

say() { printf 'docker-engine: %s\n' "$*" >&2; }

missing() {
    say "$*"
    exit 3
}

# Asks the engine itself, over its socket: the `docker` client may be absent, or may follow a context of its own.
# Prints "VERSION, storage driver DRIVER". Exits 1 when nothing answers, 2 when the socket is there but not for us.
ask_engine() {
    case "$DOCKER_HOST" in
    unix://*)
        python3 - "${DOCKER_HOST#unix://}" <<'PYTHON'
import http.client
import json
import socket
import sys


def get(path):
    connection = http.client.HTTPConnection("docker", timeout=5)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(5)
    connection.sock.connect(sys.argv[1])
    connection.request("GET", path)
    return json.load(connection.getresponse())


try:
    print("{}, storage driver {}".format(get("/version")["Version"], get("/info")["Driver"]))
except PermissionError:
    sys.exit(2)
except (OSError, ValueError, KeyError, http.client.HTTPException):
    sys.exit(1)
PYTHON
        ;;
    *) timeout 20 docker info --format '{{.ServerVersion}}, storage driver {{.Driver}}' 2>/dev/null || return 1 ;;
    esac
}

# True when an engine answers; says which.
answers() {
    local facts status=0
    facts="$(ask_engine)" || status=$?
    if ((status == 2)); then
        missing "a Docker engine listens on $DOCKER_HOST but user $(id -un) may not use it:" \
            "run \`sudo usermod -aG docker $(id -un)\` and log in again."
    fi
    ((status == 0)) || return 1
    say "engine $facts answers on $DOCKER_HOST"
}

is_alive() { # PID: does it run? A zombie, which a PID 1 that reaps nothing leaves for ever, does not.
    grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null
}

is_process() { # PID NAME: is that process alive, and is it that program?
    [[ "$1" =~ ^[0-9]+$ && "$(cat "/proc/$1/comm" 2>/dev/null)" == "$2" ]] && is_alive "$1"
}

running_engine() { # the pid of a dockerd that the pid file names and that is really one
    local pid
    pid="$(cat "$pid_file" 2>/dev/null || true)"
    is_process "$pid" dockerd && printf '%s\n' "$pid"
}

# A pid file that outlived its process would make dockerd refuse to start, as soon as the number belongs to another program.
clear_stale_pid_files() {
    if [[ -e "$pid_file" ]] && ! running_engine >/dev/null; then
        say "removing $pid_file, left by an engine that is gone"
        rm -f "$pid_file"
    fi
    local containerd_pid_file
    for containerd_pid_file in "$(exec_dir)"/containerd/containerd.pid "$(exec_dir)"/containerd/docker-containerd.pid; do
        if [[ -e "$containerd_pid_file" ]] && ! is_process "$(cat "$containerd_pid_file")" containerd; then
            rm -f "$containerd_pid_file"
        fi
    done
}

exec_dir() { if ((private)); then printf '%s/exec\n' "$SYNTHGEN_DOCKER_DIR"; else printf '/var/run/docker\n'; fi; }

# Waits until the engine answers, or until the process `pid` is gone (then returns 1).
wait_until_it_answers() {
    local pid="$1" deadline=$((SECONDS + wait_s))
    while ((SECONDS < deadline)); do
        if answers; then return 0; fi
        is_alive "$pid" || return 1
        sleep 0.3
    done
    say "dockerd (process $pid) did not answer within $wait_s s"
    return 1
}

on_debian() {
    [[ -r /etc/os-release ]] && (
        # shellcheck disable=SC1091
        . /etc/os-release
        [[ " ${ID:-} ${ID_LIKE:-} " == *" debian "* || " ${ID:-} ${ID_LIKE:-} " == *" ubuntu "* ]]
    ) && command -v apt-get >/dev/null
}

install_engine() {
    say "dockerd is missing: installing the package docker.io"
    export DEBIAN_FRONTEND=noninteractive
    # A mirror of some unrelated repository may be down: only the installation decides.
    apt-get update -q </dev/null >&2 || say "apt-get update failed; trying with the lists at hand"
    apt-get install -y -q --no-install-recommends docker.io </dev/null >&2 ||
        missing "apt-get could not install docker.io: mend that, or install a Docker engine by hand, and run this again."
    hash -r
    command -v dockerd >/dev/null ||
        missing "docker.io is installed but there is no dockerd on PATH: install a Docker engine by hand."
}

# Without systemd or a container runtime nothing may have mounted the control groups that limits are set with.
ensure_control_groups() {
    if mountpoint -q /sys/fs/cgroup || grep -q '^[^ ]* /sys/fs/cgroup/' /proc/mounts; then return 0; fi
    say "mounting the control groups on /sys/fs/cgroup"
    mkdir -p /sys/fs/cgroup
    if mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; then
        if grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then return 0; fi
        umount /sys/fs/cgroup
    fi
    mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup || return 0
    local controller
    while read -r controller; do
        mkdir -p "/sys/fs/cgroup/$controller"
        mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
    done < <(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups)
}

stop_process() { # PID: an attempt of ours that runs but does not answer; never an engine that was there before
    kill "$1" 2>/dev/null || return 0
    local tries
    for ((tries = 0; tries < 50; tries++)); do
        is_alive "$1" || return 0
        sleep 0.2
    done
    kill -9 "$1" 2>/dev/null || true
}

# Starts dockerd with the given options, detached from this script's terminal, session and lock. Returns 1 if it failed.
start_with() {
    local options=("$@")
    if ((private)); then
        options+=(--data-root "$data_dir" --exec-root "$(exec_dir)" --pidfile "$pid_file" --host "unix://$socket"
            --containerd-namespace synthgen --containerd-plugins-namespace synthgen-plugins)
    fi
    say "starting dockerd ${options[*]:-}"
    printf '\n== %s dockerd %s\n' "$(date --iso-8601=seconds)" "${options[*]:-}" >>"$log_file"
    env -u DOCKER_HOST setsid nohup dockerd "${options[@]}" </dev/null >>"$log_file" 2>&1 9>&- &
    local pid=$!
    if wait_until_it_answers "$pid"; then return 0; fi
    stop_process "$pid"
    clear_stale_pid_files
    say "that did not work: $(tail -n 1 "$log_file" | cut -c -300)"
    return 1
}

# The first way that works. overlay2 is what copies nothing; vfs works on any file system. Where the kernel has no
# packet filter, or we are beside another engine, there is no network: the sandboxes use none.
start_engine() {
    local no_network=(--bridge=none --iptables=false --ip6tables=false)
    if ((private)); then
        start_with --storage-driver overlay2 "${no_network[@]}" || start_with --storage-driver vfs "${no_network[@]}"
        return
    fi
    if [[ -s /etc/docker/daemon.json ]] && start_with; then return 0; fi
    start_with --storage-driver overlay2 ||
        start_with --storage-driver overlay2 "${no_network[@]}" ||
        start_with --storage-driver vfs ||
        start_with --storage-driver vfs "${no_network[@]}"
}

start_through_systemd() {
    say "starting docker through systemd"
    systemctl start docker || missing "systemd could not start docker: see \`journalctl -u docker\`."
    # systemd's own process stands in for the engine's here: it outlives any wait.
    wait_until_it_answers 1 || missing "docker was started but does not answer: see \`journalctl -u docker\`."
}

main() {
    command -v python3 >/dev/null || missing "python3 is missing: install Python 3.11 or newer."
    if answers; then return 0; fi
    if [[ "$DOCKER_HOST" != "unix://$socket" ]]; then
        missing "no Docker engine answers on DOCKER_HOST=$DOCKER_HOST: start it, or unset DOCKER_HOST."
    fi
    if ((EUID != 0)) || ! on_debian; then
        missing "no Docker engine answers on $DOCKER_HOST: install Docker (on Debian or Ubuntu, run this script as root)" \
            "and start it."
    fi

    mkdir -p "$(dirname "$lock_file")" "$(dirname "$log_file")"
    exec 9>"$lock_file"
    flock 9 # a second call waits here, then finds the engine that the first one started
    if answers; then return 0; fi

    command -v dockerd >/dev/null || install_engine
    if answers; then return 0; fi # where the package itself starts the engine
    if ((!private)) && [[ -d /run/systemd/system ]]; then
        start_through_systemd
        return
    fi

    local pid
    if pid="$(running_engine)"; then
        say "dockerd (process $pid) is there and does not answer yet"
        wait_until_it_answers "$pid" && return 0
        if running_engine >/dev/null; then
            missing "dockerd (process $pid) does not answer on $DOCKER_HOST: stop it and run this again."
        fi
    fi
    clear_stale_pid_files
    ensure_control_groups
    start_engine || missing "dockerd does not start: the reason is in $log_file."
}

main
