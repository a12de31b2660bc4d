"""scripts/docker-engine.sh: what it says, its exit codes, and a real engine of its own beside the machine's."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "docker-engine.sh"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="engine", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def _run(*, environment: dict[str, str], timeout_s: float = 100) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        ["bash", str(SCRIPT)],
        env=kept | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip


class _Engine(BaseHTTPRequestHandler):
    """As much of an engine as the script asks for."""

    def do_GET(self) -> None:
        body = {"/version": b'{"Version": "99.1"}', "/info": b'{"Driver": "overlay2"}'}[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "test"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def engine_socket(folder: Path) -> Iterator[Path]:
    """A socket on which something that speaks as an engine listens."""
    path = folder / "docker.sock"
    with ThreadingUnixStreamServer(str(path), _Engine) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def test_an_engine_that_answers_is_left_alone(engine_socket: Path) -> None:
    """With an engine on DOCKER_HOST the script names it and does nothing else."""
    done = _run(environment={"DOCKER_HOST": f"unix://{engine_socket}"})
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr == f"docker-engine: engine 99.1, storage driver overlay2 answers on unix://{engine_socket}\n"


def test_an_engine_elsewhere_is_not_started(folder: Path) -> None:
    """Where DOCKER_HOST names an engine that does not answer, the script says so and exits 3."""
    done = _run(environment={"DOCKER_HOST": f"unix://{folder}/gone.sock"})
    assert done.returncode == 3
    assert done.stderr == (
        f"docker-engine: no Docker engine answers on DOCKER_HOST=unix://{folder}/gone.sock: start it, or unset DOCKER_HOST.\n"
    )


def test_a_socket_that_nobody_listens_on_is_no_engine(folder: Path) -> None:
    """A socket file left behind is not taken for an engine."""
    path = folder / "stale.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    done = _run(environment={"DOCKER_HOST": f"unix://{path}"})
    assert done.returncode == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up root to be refused")
def test_who_is_not_root_is_told_what_to_install(folder: Path) -> None:
    """Without an engine and without root one sentence says what to do, exit 3."""
    folder.chmod(0o755)
    done = subprocess.run(
        ["bash", "-s"],
        input=SCRIPT.read_text(), text=True, capture_output=True, timeout=60, check=False, user=65534, group=65534, cwd="/",
        env={"PATH": "/usr/bin:/bin", "SYNTHGEN_DOCKER_DIR": str(folder)},
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr == (
        f"docker-engine: no Docker engine answers on unix://{folder}/docker.sock: install Docker "
        "(on Debian or Ubuntu, run this script as root) and start it.\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up root to be refused")
def test_who_may_not_use_the_socket_is_told_so(engine_socket: Path) -> None:
    """An engine on a socket that this user may not open is reported as that, not as absent."""
    engine_socket.parent.chmod(0o755)
    engine_socket.chmod(0o600)
    done = subprocess.run(
        ["bash", "-s"],
        input=SCRIPT.read_text(), text=True, capture_output=True, timeout=60, check=False, user=65534, group=65534, cwd="/",
        env={"PATH": "/usr/bin:/bin", "DOCKER_HOST": f"unix://{engine_socket}"},
    )  # fmt: skip
    assert done.returncode == 3
    assert "may not use it: run `sudo usermod -aG docker" in done.stderr


# What apt-get leaves behind in the test below: an engine that refuses overlay2 and, asked again, listens.
_APT_GET = """#!/bin/sh
echo "apt-get $*"
[ "$1" = install ] || exit 100
cp "{folder}/dockerd" "{folder}/bin/dockerd"
"""
_DOCKERD = """#!{python}
import http.server, os, socketserver, sys

if "overlay2" in sys.argv:
    sys.exit("overlay2 is not supported here")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{{"Version": "99.2", "Driver": "vfs"}}')

    def address_string(self):
        return "test"


open("{folder}/pid", "w").write(str(os.getpid()))
socketserver.ThreadingUnixStreamServer("{folder}/docker.sock", Handler).serve_forever()
"""
_PROGRAMS = "bash cat cut date dirname env flock grep id mkdir mountpoint nohup rm setsid sh sleep tail cp".split()


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("apt-get") is None or "debian" not in Path("/etc/os-release").read_text().lower(),
    reason="only root on Debian installs an engine",
)
def test_installs_a_missing_engine_and_falls_back_to_vfs(folder: Path) -> None:
    """Without dockerd the package is installed, whatever `apt-get update` says; where overlay2 fails, vfs is tried."""
    (folder / "bin").mkdir()
    for program in _PROGRAMS:
        found = shutil.which(program)
        assert found is not None
        (folder / "bin" / program).symlink_to(found)
    python = os.path.realpath(sys.executable)
    (folder / "bin" / "python3").symlink_to(python)
    for path, text in (("bin/apt-get", _APT_GET), ("dockerd", _DOCKERD)):
        (folder / path).write_text(text.format(folder=folder, python=python))
        (folder / path).chmod(0o755)
    try:
        done = _run(environment={"SYNTHGEN_DOCKER_DIR": str(folder), "PATH": str(folder / "bin")})
        assert done.returncode == 0, done.stderr
        assert "apt-get install -y -q --no-install-recommends docker.io\n" in done.stderr
        assert "that did not work: overlay2 is not supported here\n" in done.stderr
        assert "starting dockerd --storage-driver vfs" in done.stderr
        assert done.stderr.endswith(f"engine 99.2, storage driver vfs answers on unix://{folder}/docker.sock\n")
    finally:
        if (folder / "pid").exists():
            _end(int((folder / "pid").read_text()))


@pytest.mark.docker
@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("dockerd") is None or Path("/run/systemd/system").exists(),
    reason="needs root, dockerd and a machine without systemd",
)
def test_starts_an_engine_of_its_own_once(folder: Path) -> None:
    """Two calls at once start one engine, past a stale pid file; a third finds it; it outlives the script."""
    (folder / "docker.pid").write_text(str(os.getpid()))  # alive, but no dockerd
    environment = {"SYNTHGEN_DOCKER_DIR": str(folder)}
    pid = 0
    try:
        results: list[subprocess.CompletedProcess[str]] = []
        calls = [threading.Thread(target=lambda: results.append(_run(environment=environment))) for _ in range(2)]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        pid = int((folder / "docker.pid").read_text())
        assert [done.returncode for done in results] == [0, 0], [done.stderr for done in results]
        assert sum(done.stderr.count("starting dockerd") for done in results) == 1
        assert sum(done.stderr.count("removing") for done in results) == 1

        again = _run(environment=environment)
        assert again.returncode == 0
        assert again.stderr.count("\n") == 1
        assert "starting" not in again.stderr
        assert Path(f"/proc/{pid}/comm").read_text() == "dockerd\n"
    finally:
        if pid:
            _end(pid)


def _end(pid: int) -> None:
    os.kill(pid, 15)
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.1)
    os.kill(pid, 9)
