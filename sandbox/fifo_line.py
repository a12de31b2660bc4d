"""A line to a container over two named pipes in a shared folder: no engine process stands between the two ends.

It is for an engine on this machine only. The folder lies inside one that other users cannot enter, it is mounted
read-only, and it is empty again before the first job: nothing in the container can open the line a second time.
"""

import os
import select
import shutil
import stat
import tempfile
import time
from pathlib import Path

MOUNT_POINT = "/line"
JOBS = "jobs"
REPLIES = "replies"
CHUNK_BYTES = 1 << 16
FOLDER_PREFIX = "synthgen-line-"


def sweep_folders(parent: Path | None = None) -> int:
    """Remove the folders that processes left which were killed while a container started; how many there were."""
    removed = 0
    for folder in (parent or Path(tempfile.gettempdir())).glob(f"{FOLDER_PREFIX}*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


class FifoLine:
    """This side's ends. Made before the container, connected once its supervisor has opened the other ends."""

    def __init__(self) -> None:
        self._outer = tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-")
        self.folder = Path(self._outer, "line")
        self.folder.mkdir()
        # the supervisor is root without the right to override modes, and this process may be any user
        self.folder.chmod(0o711)
        for name, others in ((JOBS, stat.S_IROTH), (REPLIES, stat.S_IWOTH)):
            os.mkfifo(self.folder / name)
            (self.folder / name).chmod(0o600 | others)
        self._replies = os.open(self.folder / REPLIES, os.O_RDONLY | os.O_NONBLOCK)
        # for both directions until the supervisor reads: opening for writing alone would fail before that
        self._jobs = os.open(self.folder / JOBS, os.O_RDWR | os.O_NONBLOCK)

    def connect(self) -> None:
        """Become the only writer, so that either side sees the other end; then take the names away. Raises OSError."""
        writer = os.open(self.folder / JOBS, os.O_WRONLY | os.O_NONBLOCK)
        os.close(self._jobs)
        self._jobs = writer
        shutil.rmtree(self._outer)

    def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data`. Raises OSError: TimeoutError after the deadline, BrokenPipeError when nobody reads."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._jobs, rest) :]
            except BlockingIOError:
                _wait(self._jobs, select.POLLOUT, deadline)

    def receive(self, deadline: float) -> bytes:
        """What has arrived, at least a byte; empty when the supervisor is gone. Raises TimeoutError."""
        _wait(self._replies, select.POLLIN, deadline)
        return os.read(self._replies, CHUNK_BYTES)

    def close(self) -> None:
        """Hang up, and remove the folder if it is still there."""
        os.close(self._jobs)
        os.close(self._replies)
        shutil.rmtree(self._outer, ignore_errors=True)


def _wait(descriptor: int, events: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(descriptor, events)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError("the other side did nothing in time")
