"""Rules on the code as a whole: imports, names, sizes, and what must not be written in the repository."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("sandbox", "verifier", "synthgen", "trainer", "eval")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PYTHON_FILES = sorted([*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")])
HEAVY = ("torch", "vllm", "ray", "lm_eval", "datasets", "plotly", "matplotlib", "pyarrow", "transformers")
MAX_LINES = 450

_IMPORT_ALL = """
import importlib, json, os, signal, sys, threading
names = json.loads(sys.stdin.read())
environment, path = dict(os.environ), list(sys.path)
handler, filters = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD)
for name in names:
    importlib.import_module(name)
changed = []
if dict(os.environ) != environment: changed.append("the environment")
if sys.path != path: changed.append("sys.path")
if threading.active_count() != 1: changed.append("the threads")
if (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD)) != (handler, filters): changed.append("signal handlers")
if os.listdir("."): changed.append("the working folder: " + ", ".join(os.listdir(".")))
sys.exit("importing changed " + "; ".join(changed) if changed else 0)
"""


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path) -> set[str]:
    """The dotted names that a file imports, at any depth of its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_importing_every_module_has_no_effect(tmp_path: Path) -> None:
    """Every module imports, prints nothing, and leaves threads, signals, environment and files as they were."""
    names = [_dotted(path) for path in MODULES if path.stem != "__main__"]
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL],
        input=json.dumps(names), capture_output=True, text=True, cwd=empty, timeout=120, check=False,
        # matplotlib, not ours, keeps a cache of fonts in the home folder, and complains where it has to make one slowly
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"], "HOME": str(Path.home())},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("script", ["synthgen", "verifier"])
def test_help_imports_nothing_heavy(script: str) -> None:
    """`--help` answers without loading the libraries that take long to load."""
    code = (
        f"import sys; from {script}.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert "Usage" in done.stdout
    assert done.stderr.strip() == "[]"


def test_nobody_imports_eval_as_a_name() -> None:
    """`eval` is a builtin: modules of that package are imported from, never bound under its name."""
    for path in PYTHON_FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] != "eval" for alias in node.names), f"{path}:{node.lineno}"


def test_agent_imports_only_what_is_in_the_image() -> None:
    """Code that runs inside the image imports the standard library, the agent, the wire, Hypothesis, CrossHair and z3."""
    for path in (ROOT / "sandbox" / "agent").rglob("*.py"):
        for name in _imported(path):
            top = name.split(".")[0]
            allowed = top in sys.stdlib_module_names or top in ("hypothesis", "crosshair", "z3")
            ours = name == "sandbox.agent" or name.startswith(("sandbox.agent.", "sandbox.wire"))
            assert allowed or ours, f"{path.relative_to(ROOT)} imports {name}"


def test_every_folder_of_tests_is_a_package() -> None:
    """Two test files of one name in two folders must not collide."""
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    missing = [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()]
    assert missing == []


def test_no_file_is_too_long() -> None:
    """A reader takes in a file at once."""
    long = {str(path.relative_to(ROOT)): n for path in MODULES if (n := len(path.read_text().splitlines())) > MAX_LINES}
    assert long == {}


def test_no_module_is_a_drawer() -> None:
    """A module is named after its subject."""
    drawers = {"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"}
    assert [str(path) for path in PYTHON_FILES if path.stem in drawers] == []


def _repository_text() -> dict[str, str]:
    """Every text file that git would hold, by its path."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    texts: dict[str, str] = {}
    for name in listing.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file():
            try:
                texts[name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return texts


def test_no_package_registry_is_named() -> None:
    """Where packages come from is the business of whoever installs: no host of a registry or mirror is written down."""
    hosts = [".".join(parts) for parts in (
        ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("anaconda", "org"), ("crates", "io"),
        ("deb", "debian", "org"), ("security", "debian", "org"), ("archive", "ubuntu", "com"), ("quay", "io"),
        ("ghcr", "io"), ("registry-1", "docker", "io"), ("index", "docker", "io"), ("hub", "docker", "com"),
    )]  # fmt: skip
    pattern = re.compile("|".join(re.escape(host) for host in hosts))
    found = {name: match.group() for name, text in _repository_text().items() if (match := pattern.search(text))}
    assert found == {}


def test_no_path_of_one_machine_is_written_down() -> None:
    """The repository knows no home folder and no absolute path of a checkout."""
    pattern = re.compile(r"(?<![\w.])/" + r"(?:home|work|Users)/\w")
    found = {name: match.group() for name, text in _repository_text().items() if (match := pattern.search(text))}
    assert found == {}
