"""The Docker engine: find it, describe it, sweep what dead owners left behind."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from sandbox.errors import EngineUnavailable

OWNER_LABEL = "synthgen.owner"
CALL_TIMEOUT_S = 60
MEND = (
    "Run `bash scripts/docker-engine.sh` (root on Debian/Ubuntu), or install Docker Engine and make sure that"
    " `docker version` shows a server; `synthgen doctor` lists every prerequisite."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What the engine says of itself."""

    version: str
    storage_driver: str
    cgroup_version: str
    runtimes: tuple[str, ...]


def connect() -> docker.DockerClient:
    """A client of an engine that answers. Raises EngineUnavailable with the mending command."""
    try:
        client = docker.from_env(timeout=CALL_TIMEOUT_S)
        client.ping()
    except (DockerException, RequestException, OSError) as error:
        host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        raise EngineUnavailable(f"No Docker engine answers at {host} ({_short(error)}). {MEND}") from error
    return client


def describe(client: docker.DockerClient) -> EngineFacts:
    """Version, storage driver, cgroup version and OCI runtimes of the engine."""
    info = client.info()
    return EngineFacts(
        version=info["ServerVersion"],
        storage_driver=info["Driver"],
        cgroup_version=info.get("CgroupVersion", "1"),
        runtimes=tuple(sorted(info.get("Runtimes", {}))),
    )


def owner() -> str:
    """This process, told apart from any later one with the same id: `pid:start time:boot id`."""
    return _identity(os.getpid())


def _identity(pid: int) -> str:
    try:
        start_ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, IndexError):
        return f"{pid}:0:unknown"
    return f"{pid}:{start_ticks}:{boot}"


def sweep_orphans(client: docker.DockerClient) -> int:
    """Remove containers of ours whose owner is dead; how many there were. Those of live owners are left alone."""
    removed = 0
    for container in client.containers.list(all=True, filters={"label": OWNER_LABEL}, ignore_removed=True):
        label = container.labels.get(OWNER_LABEL, "")
        pid = label.partition(":")[0]
        if pid.isdigit() and _identity(int(pid)) == label:
            continue
        removed += remove(client, container.id)
    return removed


def remove(client: docker.DockerClient, container_id: str) -> bool:
    """Remove a container by force; False when it was gone already or is going."""
    for attempt in range(3):
        try:
            client.api.remove_container(container_id, force=True)
        except APIError as error:
            if error.status_code in (404, 409):
                return False
            time.sleep(0.1 * (attempt + 1))
        except (DockerException, RequestException, OSError):
            return False
        else:
            return True
    return False


def _short(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
