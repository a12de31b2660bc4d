"""synthgen.doctor: what each finding is judged by, and what it says."""

import io
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sandbox.errors import EngineUnavailable
from sandbox.image import image_tag
from synthgen import doctor
from synthgen.doctor import Finding


def _finding(*, found: bool, required: bool = True, mend: str | None = "run this") -> Finding:
    return Finding(name="thing", found=found, required=required, detail="a [detail]", mend=mend)


def _rendered(*findings: Finding) -> str:
    console = Console(file=io.StringIO(), width=200)
    doctor.render(findings, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_exit_code_counts_what_is_required() -> None:
    """A missing optional prerequisite does not fail; a missing required one is exit 3."""
    assert doctor.exit_code((_finding(found=True), _finding(found=False, required=False))) == 0
    assert doctor.exit_code((_finding(found=True), _finding(found=False))) == 3


def test_render_shows_state_and_mending_command() -> None:
    """What is missing is shown with its command; what is found is not."""
    text = _rendered(
        _finding(found=True, mend="not this"), _finding(found=False), _finding(found=False, required=False)
    )
    assert "a [detail]" in text
    assert "missing (optional)" in text
    assert "thing: run this" in text
    assert "thing (optional): run this" in text
    assert "not this" not in text
    assert "Everything that is required is there." not in text


def test_render_says_when_all_is_there() -> None:
    """With every required prerequisite found, the last line says so and nothing is to mend."""
    text = _rendered(_finding(found=True))
    assert text.endswith("Everything that is required is there.\n")
    assert "To mend" not in text


def test_json_holds_every_field() -> None:
    """`--json` is a list of objects with the fields of a finding."""
    listed = json.loads(doctor.as_json((_finding(found=False),)))
    assert listed == [{"name": "thing", "found": False, "required": True, "detail": "a [detail]", "mend": "run this"}]


@pytest.mark.parametrize(("version", "found"), [((3, 10, 12), False), ((3, 11, 0), True), ((3, 14, 1), True)])
def test_python_has_to_be_new_enough(version: tuple[int, int, int], found: bool) -> None:
    """3.11 is the oldest interpreter that is good enough."""
    finding = doctor.python_finding(version, executable="python3")
    assert finding.found is found
    assert ".".join(map(str, version)) in finding.detail


def test_a_distribution_is_found_with_its_version() -> None:
    """What is installed is named with its version; what is not comes with the pip command."""
    assert doctor.distribution_finding("hypothesis").detail.startswith("version 6.")
    missing = doctor.distribution_finding("no-such-distribution-here")
    assert not missing.found
    assert missing.mend is not None
    assert missing.mend.endswith("-m pip install no-such-distribution-here")


def test_socket_that_is_not_there(tmp_path: Path) -> None:
    """Without the socket's file, the engine's script is the remedy."""
    finding = doctor.socket_finding(f"unix://{tmp_path}/docker.sock")
    assert not finding.found
    assert finding.detail == f"{tmp_path}/docker.sock: No such file or directory"
    assert "scripts/docker-engine.sh" in str(finding.mend)


def test_socket_that_is_a_file(tmp_path: Path) -> None:
    """A plain file under the socket's name is not taken for a socket."""
    path = tmp_path / "docker.sock"
    path.touch()
    assert doctor.socket_finding(f"unix://{path}").detail == f"{path} is not a socket"


def test_socket_that_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that this user may read and write is found."""
    monkeypatch.chdir(tmp_path)  # the path of a socket has to be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.sock")
        assert doctor.socket_finding("unix://s.sock").found


def test_engine_elsewhere_has_no_socket_here() -> None:
    """A DOCKER_HOST on the network is left to the engine's own answer."""
    assert doctor.socket_finding("tcp://example.test:2375").found


def test_engine_that_does_not_answer() -> None:
    """The engine's absence is one finding with its message, and the image cannot be looked for."""

    def connect() -> Any:
        raise EngineUnavailable("nobody answers")

    engine, image = doctor.engine_findings(connect)
    assert (engine.found, engine.required, engine.detail) == (False, True, "nobody answers")
    assert (image.found, image.required) == (False, False)


class _Images:
    def __init__(self, tags: tuple[str, ...]) -> None:
        self.tags = tags

    def list(self, name: str) -> list[str]:
        return [tag for tag in self.tags if tag == name]


class _Client:
    """As much of a Docker client as the doctor asks."""

    def __init__(self, *, tags: tuple[str, ...]) -> None:
        self.images = _Images(tags)
        self.closed = False

    def info(self) -> dict[str, Any]:
        return {"ServerVersion": "99.1", "Driver": "vfs", "CgroupVersion": "2", "Runtimes": {"runc": {}, "runsc": {}}}

    def close(self) -> None:
        self.closed = True


def _connecting(client: _Client) -> Callable[[], Any]:
    return lambda: client


def test_engine_is_described_and_image_found() -> None:
    """Version, storage driver, control groups and runtimes are shown, and the image's tag when it is built."""
    client = _Client(tags=(image_tag(),))
    engine, image = doctor.engine_findings(_connecting(client))
    assert engine.detail == "version 99.1, storage driver vfs, control groups v2, runtimes runc, runsc"
    assert (image.found, image.detail) == (True, image_tag())
    assert client.closed


def test_image_that_is_not_built_yet() -> None:
    """An image that the first run will build is no failure."""
    findings = doctor.engine_findings(_connecting(_Client(tags=())))
    assert findings[1].detail == f"{image_tag()} is not built yet; the first run builds it"
    assert str(findings[1].mend).endswith("-m sandbox.image")
    assert doctor.exit_code(findings) == 0


def test_disk_and_memory_have_floors(tmp_path: Path) -> None:
    """Little disk space or memory is missing, with the figure."""
    assert doctor.disk_finding(10**10, folder=tmp_path).found
    assert doctor.disk_finding(10**9, folder=tmp_path).detail.startswith("1.0 GB free at ")
    assert not doctor.disk_finding(10**9, folder=tmp_path).found
    assert not doctor.machine_finding(cores=2, memory_bytes=10**9).found
    assert doctor.machine_finding(cores=1, memory_bytes=4 * 10**9).found


def test_gpu_is_what_the_program_names(tmp_path: Path) -> None:
    """Each line of nvidia-smi is a GPU; a program that fails, or none, is no GPU; and none is never required."""
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'Model A'\necho 'Model B'\n")
    program.chmod(0o755)
    assert doctor.gpu_finding(str(program)).detail == "Model A, Model B"
    program.write_text("#!/bin/sh\necho 'no driver'\nexit 9\n")
    assert not doctor.gpu_finding(str(program)).found
    assert not doctor.gpu_finding(None).required


def test_diagnosis_covers_every_prerequisite() -> None:
    """One finding for each thing that a run needs, whatever this machine has."""
    names = [finding.name for finding in doctor.diagnose()]
    assert names == [
        "Python", "hypothesis", "crosshair-tool", "Docker socket", "Docker engine", "sandbox image", "disk space",
        "cores and memory", "browser", "vLLM", "GPU",
    ]  # fmt: skip
