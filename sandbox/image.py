"""The sandbox image, made from the interpreter this project runs on: nothing is pulled and the versions agree.

It holds the interpreter, its standard library, Hypothesis, CrossHair, pytest and what these need, the shared objects that
all of it loads, and the agent. There is no shell and no package manager. Its tag is a hash of its inputs, so an image is
built once per set of inputs. Run as a module, it builds the image if need be and prints the tag.
"""

import hashlib
import io
import os
import py_compile
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import docker
from docker.errors import DockerException
from packaging.requirements import Requirement

from sandbox import engine
from sandbox.errors import EngineUnavailable, ImageBuildFailed

REPOSITORY = "synthgen-sandbox"
LAYOUT_VERSION = "2"
ROOTS = ("hypothesis", "crosshair-tool", "pytest")
PYTHON_HOME = "/opt/python"
AGENT_HOME = "/opt/synthgen"
CHUNK_BYTES = 1 << 20
HYPOTHESIS_HOME = f"{AGENT_HOME}/hypothesis-tables"
PYTHON = f"{PYTHON_HOME}/bin/python3"
SUPERVISOR = "sandbox.agent.supervisor"

_LEFT_OUT_OF_STDLIB = frozenset(
    "test tests idlelib tkinter turtledemo ensurepip lib2to3 site-packages dist-packages pydoc_data venv".split()
)
_PACKAGE = Path(__file__).parent


def image_tag() -> str:
    """`synthgen-sandbox:<hash of the interpreter, the distributions and the agent's files>`."""
    digest = hashlib.sha256()
    for part in (LAYOUT_VERSION, sys.version, sysconfig.get_platform(), _interpreter_identity()):
        digest.update(part.encode() + b"\0")
    for found in _distributions():
        digest.update(f"{found.metadata['Name']}=={found.version}\0".encode())
    for path in _agent_files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{REPOSITORY}:{digest.hexdigest()[:16]}"


def image_exists(client: docker.DockerClient) -> bool:
    """Whether the image of the present inputs is in the engine."""
    return bool(client.images.list(name=image_tag()))


def ensure_image(client: docker.DockerClient) -> str:
    """The tag of the image, built now if the engine lacks it. Raises ImageBuildFailed."""
    tag = image_tag()
    if client.images.list(name=tag):
        return tag
    repository, _, version = tag.partition(":")
    with tempfile.TemporaryFile() as stream:
        try:
            _write_image(stream)
            stream.seek(0)
            chunks = iter(lambda: stream.read(CHUNK_BYTES), b"")
            client.api.import_image_from_stream(chunks, repository=repository, tag=version)
        except (OSError, DockerException, subprocess.SubprocessError, py_compile.PyCompileError) as error:
            raise ImageBuildFailed(
                f"The sandbox image {tag} could not be built: {error}. Check the engine's free disk space with"
                " `docker system df`, then run `python -m sandbox.image`."
            ) from error
    if not client.images.list(name=tag):
        raise ImageBuildFailed(f"The engine took the image {tag} but does not list it; see the engine's log.")
    return tag


def _interpreter_identity() -> str:
    stat = os.stat(os.path.realpath(sys.executable))
    return f"{sys.base_prefix}:{stat.st_size}:{int(stat.st_mtime)}"


def _agent_files() -> list[Path]:
    return [_PACKAGE / "__init__.py", _PACKAGE / "wire.py", *sorted((_PACKAGE / "agent").glob("*.py"))]


def _distributions() -> list[Distribution]:
    """The root distributions and all they require here, by name."""
    found: dict[str, Distribution] = {}
    waiting = list(ROOTS)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError as error:
            raise ImageBuildFailed(
                f"The sandbox image needs the package {name}, which is not installed here; run `pip install {name}`."
            ) from error
        for text in found[name].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return [found[name] for name in sorted(found)]


def _write_image(stream: io.BufferedRandom) -> None:
    placed: dict[str, Path] = {}
    binary = Path(os.path.realpath(sys.executable))
    placed[PYTHON] = binary
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for relative, path in _standard_library():
        placed[f"{PYTHON_HOME}/lib/{version}/{relative}"] = path
    for found in _distributions():
        for entry in found.files or ():
            path = Path(str(found.locate_file(entry)))
            if ".." not in entry.parts and path.is_file() and "tests" not in entry.parts[1:2]:
                placed[f"{AGENT_HOME}/{entry}"] = path
    for path in _agent_files():
        placed[f"{AGENT_HOME}/sandbox/{path.relative_to(_PACKAGE)}"] = path
    with tempfile.TemporaryDirectory() as tables:
        _compute_unicode_tables(Path(tables))
        _write_archive(stream, binary, placed, Path(tables))


def _compute_unicode_tables(folder: Path) -> None:
    """Have Hypothesis write the tables it derives from Python's Unicode data: seconds here, not at every start."""
    subprocess.run(
        [sys.executable, "-c", "from hypothesis import strategies; strategies.text().validate()"],
        env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(folder)},
        capture_output=True, check=True, timeout=300,
    )  # fmt: skip


def _write_archive(stream: io.BufferedRandom, binary: Path, placed: dict[str, Path], tables: Path) -> None:
    for path in sorted(tables.rglob("*")):
        if path.is_file():
            placed[f"{HYPOTHESIS_HOME}/{path.relative_to(tables)}"] = path
    placed.update(_shared_objects([path for path in placed.values() if path == binary or ".so" in path.name]))
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT, dereference=True) as archive:
        for folder, mode in (("proc", 0o555), ("sys", 0o555), ("dev", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            archive.addfile(entry)
        for target in sorted(placed):
            _add(archive, target, placed[target])
        for path in _agent_files():
            _add_compiled(archive, path)


def _standard_library() -> Iterator[tuple[Path, Path]]:
    for key in dict.fromkeys((sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))):
        root = Path(key)
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(f for f in folders if f not in _LEFT_OUT_OF_STDLIB and not f.startswith("config-"))
            for name in files:
                path = Path(folder) / name
                if path.is_file() and not name.endswith((".a", ".opt-1.pyc", ".opt-2.pyc")):
                    yield path.relative_to(root), path


def _shared_objects(binaries: list[Path]) -> dict[str, Path]:
    """Every library that `ldd` resolves for the binaries, at the path where the loader will look."""
    libraries: dict[str, Path] = {}
    for start in range(0, len(binaries), 100):
        listing = subprocess.run(
            ["ldd", *map(str, binaries[start : start + 100])],
            capture_output=True, text=True, check=False, timeout=120,
        ).stdout  # fmt: skip
        for found in re.findall(r"(?:=> |^\s)(/\S+) \(0x", listing, re.MULTILINE):
            libraries[found] = Path(found)
    if not libraries:
        raise ImageBuildFailed("`ldd` named no shared library of the interpreter; is the package libc-bin installed?")
    return libraries


def _add(archive: tarfile.TarFile, target: str, path: Path) -> None:
    entry = archive.gettarinfo(path, target.lstrip("/"))
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.mode & 0o100 or ".so" in path.name else 0o644
    entry.type = tarfile.REGTYPE
    entry.size = path.stat().st_size
    with path.open("rb") as source:
        archive.addfile(entry, source)


def _add_compiled(archive: tarfile.TarFile, path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = f"{AGENT_HOME}/sandbox/{path.relative_to(_PACKAGE)}"
        compiled = Path(folder) / "compiled.pyc"
        py_compile.compile(
            str(path),
            str(compiled),
            target,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        directory, _, name = target.rpartition("/")
        _add(
            archive, f"{directory}/__pycache__/{name.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc", compiled
        )


def main() -> int:
    """Build the image if need be and print its tag; 3 when a prerequisite is missing."""
    try:
        print(ensure_image(engine.connect()))
    except (EngineUnavailable, ImageBuildFailed) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
