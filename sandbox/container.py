"""One warm container: start it, give it one job at a time, drop it when it misbehaves.

The line to its supervisor is the attached standard input and output, which works with any engine and any OCI runtime; with
the default runtime of an engine on this machine, two named pipes take its place, which spares every job four processes'
work. Either closes by itself when this process dies: the supervisor then ends and the engine removes the container.
"""

import json
import time
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException

from sandbox import engine, image, seccomp, wire
from sandbox.errors import ContainerLost, EngineUnavailable
from sandbox.fifo_line import MOUNT_POINT, FifoLine
from sandbox.limits import Limits

START_TIMEOUT_S = 60.0
# Over the job's own wall limit, which the supervisor keeps: sweeping, and a zygote's first start, on a loaded machine.
GRACE_S = 45.0
TMPFS_OPTIONS = "rw,noexec,nosuid,nodev,mode=1777,nr_inodes=4096,size={size_mb}m"
LOCAL_ENGINE = "http+docker://localhost"
STDOUT_STREAM = 1
STREAM_HEADER_BYTES = 8
MAX_REPLY_BYTES = 4_000_000
MAX_STDERR_BYTES = 8_000


class Container:
    """A started container and the line to its supervisor. Close it; a lost one is closed by whoever caught the loss."""

    def __init__(
        self, client: docker.DockerClient, *, tag: str, uid_base: int, core: int, limits: Limits, runtime: str | None
    ) -> None:
        self._client = client
        self._stderr = b""
        self._buffer = bytearray()
        self._socket: Any = None
        self._line: FifoLine | None = None
        self._is_piped = False
        self.id = ""
        try:
            if runtime is None and client.api.base_url.startswith(LOCAL_ENGINE):
                self._line = FifoLine()
            self.id = client.api.create_container(
                tag,
                command=[image.PYTHON, "-S", "-s", "-P", "-B", "-m", image.SUPERVISOR, str(uid_base), str(core)],
                user="0:0",
                environment={
                    "PYTHONPATH": image.AGENT_HOME,
                    "HYPOTHESIS_STORAGE_DIRECTORY": image.HYPOTHESIS_HOME,
                    "LANG": "C.UTF-8",
                    "HOME": "/tmp",
                },
                working_dir="/",
                stdin_open=True,
                network_disabled=True,
                labels={engine.OWNER_LABEL: engine.owner()},
                host_config=_host_config(client, limits, runtime, self._line),
            )["Id"]
            self._attached = client.api.attach_socket(
                self.id, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            )
            self._socket = getattr(self._attached, "_sock", self._attached)
            client.api.start(self.id)
            self._settle(json.loads(self._receive(time.monotonic() + START_TIMEOUT_S)))
        except ImageNotFound as error:
            self.close()
            raise ContainerLost(f"the image {tag} is gone from the engine") from error
        except (DockerException, RequestException, OSError) as error:
            self.close()
            raise EngineUnavailable(f"The engine could not start a container: {error}. {engine.MEND}") from error
        except ContainerLost:
            self.close()
            raise

    def exchange(self, job: dict[str, Any], payload: bytes, *, wall_s: float) -> tuple[dict[str, Any], bytes]:
        """The supervisor's account of one job and the driver's report. Raises ContainerLost."""
        deadline = time.monotonic() + wall_s + GRACE_S
        try:
            self._send(wire.frame(json.dumps(job).encode()) + wire.frame(payload), deadline)
            account = json.loads(self._receive(deadline))
            report = self._receive(deadline)
        except (OSError, ValueError) as error:
            raise ContainerLost(f"the line to container {self.id[:12]} broke: {error}") from error
        if not isinstance(account, dict):
            raise ContainerLost(f"container {self.id[:12]} sent no account of its job")
        return account, report

    def close(self) -> None:
        """Hang up and remove the container; no error is raised for what is gone already."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._socket is not None:
            self._attached.close()
            self._socket.close()
            self._socket = None
        if self.id:
            engine.remove(self._client, self.id)

    def _settle(self, greeting: dict[str, Any]) -> None:
        """Take up the named pipes if the supervisor found us at their other end: an engine in a virtual machine does not."""
        if self._line is None:
            return
        if greeting["uses_pipes"]:
            self._line.connect()
            self._is_piped = True
        else:
            self._line.close()
            self._line = None

    def _send(self, data: bytes, deadline: float) -> None:
        if self._line is not None:
            self._line.send(data, deadline)
        else:
            self._socket.settimeout(deadline - time.monotonic())
            self._socket.sendall(data)

    def _receive(self, deadline: float) -> bytes:
        header = self._take(wire.HEADER_BYTES, deadline)
        length = int.from_bytes(header, "big")
        if length > MAX_REPLY_BYTES:
            raise ContainerLost(f"container {self.id[:12]} announced {length} bytes, more than {MAX_REPLY_BYTES}")
        return self._take(length, deadline)

    def _take(self, count: int, deadline: float) -> bytes:
        while len(self._buffer) < count:
            chunk = self._line.receive(deadline) if self._line is not None and self._is_piped else b""
            # nothing more on the pipes: what is left on the attached streams says why, and that they end
            self._buffer += chunk or self._read_stdout(deadline)
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _read_stdout(self, deadline: float) -> bytes:
        """The next chunk of standard output, empty when it was standard error's turn, which is kept."""
        stream, chunk = self._read_stream(deadline)
        if stream == STDOUT_STREAM:
            return chunk
        self._stderr = (self._stderr + chunk)[-MAX_STDERR_BYTES:]
        return b""

    def _read_stream(self, deadline: float) -> tuple[int, bytes]:
        """One chunk of the engine's multiplexed stream: stream number (1 byte), 3 zero bytes, length (4 bytes), data."""
        header = self._read_exactly(STREAM_HEADER_BYTES, deadline)
        return header[0], self._read_exactly(int.from_bytes(header[4:], "big"), deadline)

    def _read_exactly(self, count: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise ContainerLost(f"container {self.id[:12]} did not answer in time")
            self._socket.settimeout(remaining_s)
            try:
                chunk = self._socket.recv(count - len(parts))
            except (TimeoutError, OSError) as error:
                raise ContainerLost(f"container {self.id[:12]} did not answer: {error}") from error
            if not chunk:
                said = self._stderr.decode("utf-8", "replace").strip()[-2_000:]
                raise ContainerLost(f"container {self.id[:12]} ended{': ' + said if said else ''}")
            parts += chunk
        return bytes(parts)


def _host_config(client: docker.DockerClient, limits: Limits, runtime: str | None, line: FifoLine | None) -> Any:
    memory = f"{limits.memory_mb}m"
    return client.api.create_host_config(
        auto_remove=True,
        network_mode="none",
        ipc_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        cap_add=["SETUID", "SETGID", "KILL"],
        security_opt=["no-new-privileges", f"seccomp={seccomp.profile()}"],
        mem_limit=memory,
        memswap_limit=memory,
        pids_limit=4 * limits.processes,
        tmpfs={"/tmp": TMPFS_OPTIONS.format(size_mb=limits.file_mb)},
        log_config={"type": "none"},
        ulimits=[{"Name": "nofile", "Soft": 512, "Hard": 512}, {"Name": "core", "Soft": 0, "Hard": 0}],
        binds=None if line is None else {str(line.folder): {"bind": MOUNT_POINT, "mode": "ro"}},
        runtime=runtime,
    )
