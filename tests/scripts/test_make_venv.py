"""scripts/make-venv.sh: what it says where an environment cannot be made."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "make-venv.sh"

# An interpreter as Debian ships it: new enough, without ensurepip.
_PYTHON_WITHOUT_VENV = """#!/bin/sh
case "$2" in
*ensurepip*) exit 1 ;;
*print*) echo python3.11-venv ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script, and `bin` with the only programs on PATH."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    for program in ("bash", "dirname", "sh"):
        found = shutil.which(program)
        assert found is not None
        (tmp_path / "bin" / program).symlink_to(found)
    return tmp_path


def _run(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(checkout / "scripts" / "make-venv.sh")],
        env={"PATH": str(checkout / "bin")}, capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def _add_program(checkout: Path, name: str, *, text: str) -> None:
    path = checkout / "bin" / name
    path.write_text(text)
    path.chmod(0o755)


def test_without_python_says_what_to_install(checkout: Path) -> None:
    """Where no interpreter is new enough, one sentence says what to install, exit 3."""
    _add_program(checkout, "python3", text="#!/bin/sh\nexit 1\n")
    done = _run(checkout)
    assert done.returncode == 3
    assert done.stderr == "make-venv: no Python 3.11 or newer found: install python3 and python3-venv, or set PYTHON.\n"


def test_without_venv_package_says_what_to_install(checkout: Path) -> None:
    """Where the interpreter lacks its venv package and there is no apt-get, the package is named, exit 3."""
    _add_program(checkout, "python3", text=_PYTHON_WITHOUT_VENV)
    done = _run(checkout)
    assert done.returncode == 3
    assert done.stderr.endswith(
        "bin/python3 cannot make virtual environments: run `sudo apt-get install python3.11-venv` and then this again.\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
def test_as_root_installs_the_venv_package(checkout: Path) -> None:
    """As root the missing package is asked of apt-get; if that fails, the sentence says so."""
    _add_program(checkout, "python3", text=_PYTHON_WITHOUT_VENV)
    _add_program(checkout, "apt-get", text='#!/bin/sh\necho "apt-get $@"\n[ "$1" = update ]\n')
    done = _run(checkout)
    assert done.returncode == 3
    assert "apt-get install -y -q --no-install-recommends python3.11-venv\n" in done.stderr
