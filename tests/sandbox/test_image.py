"""The image: its tag follows from its inputs, it is built once, and it holds nothing that a program could use to get out."""

import re
import subprocess
import sys
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from sandbox import engine, image
from sandbox.pool import Pool

ROOT = Path(__file__).resolve().parents[2]


def tag_of_copy(folder: Path) -> str:
    """The tag that a copy of the sandbox package computes in a process of its own."""
    command = [sys.executable, "-c", "from sandbox.image import image_tag; print(image_tag())"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def copy_of_package(folder: Path) -> Path:
    """The package's sources below a new folder."""
    for path in sorted((ROOT / "sandbox").rglob("*.py")):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def test_the_tag_follows_from_the_agents_files(tmp_path: Path) -> None:
    """Equal files give an equal tag wherever they lie; a changed or a new agent file gives another; the host's do not."""
    copy = copy_of_package(tmp_path)
    first = tag_of_copy(copy)
    assert re.fullmatch(r"synthgen-sandbox:[0-9a-f]{16}", first)
    assert tag_of_copy(copy) == first
    (copy / "sandbox" / "pool.py").write_text((copy / "sandbox" / "pool.py").read_text() + "\n# host only\n")
    assert tag_of_copy(copy) == first
    guest = copy / "sandbox" / "agent" / "guest.py"
    guest.write_text(guest.read_text() + "\n# changed\n")
    changed = tag_of_copy(copy)
    (copy / "sandbox" / "agent" / "another.py").write_text("")
    assert len({first, changed, tag_of_copy(copy)}) == 3


@pytest.fixture
def client(pool: Pool) -> docker.DockerClient:
    """A client of the engine that the pool's image is in."""
    return engine.connect()


@pytest.mark.docker
def test_an_image_that_is_there_is_used_again(pool: Pool, client: docker.DockerClient) -> None:
    """A second call builds nothing: the image keeps its id."""
    before = client.images.get(pool.image_tag).id
    assert image.ensure_image(client) == pool.image_tag
    assert client.images.get(pool.image_tag).id == before


@pytest.mark.docker
def test_the_image_is_listed_by_its_tag(pool: Pool, client: docker.DockerClient) -> None:
    """An image whose inputs are the present ones is found."""
    tags = {tag for found in client.images.list(name=image.REPOSITORY) for tag in found.tags}
    assert pool.image_tag in tags


@pytest.mark.docker
@pytest.mark.parametrize("program", ["/bin/sh", "/bin/bash", "/usr/bin/env", "/bin/busybox", "/usr/bin/pip"])
def test_the_image_has_no_shell(pool: Pool, client: docker.DockerClient, program: str) -> None:
    """A container that is to start a shell cannot."""
    created = client.api.create_container(
        pool.image_tag,
        command=[program, "-c", "true"],
        network_disabled=True,
        labels={engine.OWNER_LABEL: engine.owner()},
    )
    try:
        with pytest.raises(APIError, match="no such file or directory"):
            client.api.start(created["Id"])
    finally:
        engine.remove(client, created["Id"])


@pytest.mark.docker
def test_the_container_is_closed(pool: Pool, client: docker.DockerClient) -> None:
    """The engine's own account of a running container: no network, read-only, few capabilities, bounded."""
    filters = {"label": f"{engine.OWNER_LABEL}={engine.owner()}", "ancestor": pool.image_tag}
    rows = client.api.containers(filters=filters)
    assert len(rows) >= 2
    config = client.api.inspect_container(rows[0]["Id"])["HostConfig"]
    assert config["NetworkMode"] == "none"
    assert config["ReadonlyRootfs"] is True
    assert config["CapDrop"] == ["ALL"]
    assert sorted(name.removeprefix("CAP_") for name in config["CapAdd"]) == ["KILL", "SETGID", "SETUID"]
    assert "no-new-privileges" in config["SecurityOpt"]
    assert config["Memory"] == config["MemorySwap"] == 768 << 20
    assert config["PidsLimit"] == 256
    assert not config["Privileged"]
    assert all(bind.endswith(":/line:ro") for bind in config["Binds"] or ())
    assert config["AutoRemove"] is True
    assert config["LogConfig"]["Type"] == "none"
