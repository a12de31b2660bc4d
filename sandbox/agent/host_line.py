"""The supervisor's end of the line to the host."""

import contextlib
import os

from sandbox import wire

LINE_FOLDER = "/line"
READ_AHEAD_BYTES = 1 << 16
MAX_JOB_BYTES = 32_000_000


class HostGone(Exception):
    """Nobody holds the other end of standard input any more."""


class JobInput:
    """The host's bytes, read ahead, so that a small job costs one system call."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._ahead = b""

    def read_frame(self) -> bytes | None:
        """The next frame's payload, None when the host has hung up."""
        return wire.read_frame(self._read, limit=MAX_JOB_BYTES)

    def _read(self, count: int) -> bytes:
        if not self._ahead:
            self._ahead = os.read(self._descriptor, READ_AHEAD_BYTES)
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        return taken


def open_line() -> tuple[int, int, bool]:
    """(descriptor of the jobs, of the replies, whether these are the named pipes): standard input and output if not."""
    with contextlib.suppress(OSError):
        replies = os.open(f"{LINE_FOLDER}/replies", os.O_WRONLY | os.O_NONBLOCK)  # fails when the host is not behind it
        jobs = os.open(f"{LINE_FOLDER}/jobs", os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(replies, True)
        os.set_blocking(jobs, True)
        return jobs, replies, True
    return os.dup(0), os.dup(1), False


def send(descriptor: int, data: bytes) -> None:
    """Write all of `data`."""
    while data:
        data = data[os.write(descriptor, data) :]
