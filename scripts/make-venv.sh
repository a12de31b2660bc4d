#!/usr/bin/env bash
# Makes .venv and installs this project in it with the pinned versions of constraints.txt.
#
#   scripts/make-venv.sh
#
# As root on Debian or Ubuntu it installs the `venv` package of the interpreter where that is missing.
# Exit codes: 0 done; 1 an installation failed; 3 a prerequisite is missing.
#
# Environment:
#   PYTHON   the interpreter to use (default: python3, else the newest python3.N on PATH that is 3.11 or later)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly venv=.venv

missing() {
    printf 'make-venv: %s\n' "$*" >&2
    exit 3
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

make_venv() { # PYTHON
    # Without the venv package Debian's interpreter has the module `venv` but no `ensurepip`.
    if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        local package
        package="$("$1" -c 'import sys; print("python{}.{}-venv".format(*sys.version_info))')"
        printf 'make-venv: %s has no venv module: installing %s\n' "$1" "$package" >&2
        if ((EUID != 0)) || ! command -v apt-get >/dev/null ||
            ! { apt-get update -q </dev/null >&2 || true; } ||
            ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$package" </dev/null >&2; then
            missing "$1 cannot make virtual environments: run \`sudo apt-get install $package\` and then this again."
        fi
    fi
    "$1" -m venv --clear "$venv"
}

main() {
    local python
    python="$(find_python)" || missing "no Python 3.11 or newer found: install python3 and python3-venv, or set PYTHON."
    if ! is_new_enough "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        make_venv "$python"
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]' </dev/null
}

main
