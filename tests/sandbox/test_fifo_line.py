"""The named pipes between the host and a container."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.fifo_line import FOLDER_PREFIX, JOBS, REPLIES, FifoLine, sweep_folders


def _open_other_end(line: FifoLine) -> tuple[int, int]:
    jobs = os.open(line.folder / JOBS, os.O_RDONLY | os.O_NONBLOCK)
    replies = os.open(line.folder / REPLIES, os.O_WRONLY | os.O_NONBLOCK)
    return jobs, replies


def test_bytes_cross_in_both_directions_and_the_names_are_gone() -> None:
    """Once connected, what one side sends the other receives, and no name is left to open the line by."""
    line = FifoLine()
    jobs, replies = _open_other_end(line)
    line.connect()
    line.send(b"job", time.monotonic() + 10)
    os.write(replies, b"reply")
    assert os.read(jobs, 100) == b"job"
    assert line.receive(time.monotonic() + 10) == b"reply"
    assert not Path(line.folder).parent.exists()
    line.close()
    assert os.read(jobs, 100) == b"", "the supervisor must see the host hang up"
    os.close(jobs)
    os.close(replies)


def test_a_dead_supervisor_is_seen_from_both_ends() -> None:
    """When the supervisor is gone, receiving gives nothing and sending raises BrokenPipeError."""
    line = FifoLine()
    jobs, replies = _open_other_end(line)
    line.connect()
    os.close(jobs)
    os.close(replies)
    assert line.receive(time.monotonic() + 10) == b""
    with pytest.raises(BrokenPipeError):
        line.send(b"job", time.monotonic() + 10)
    line.close()


def test_a_silent_supervisor_raises_at_the_deadline() -> None:
    """Nothing to read, or no room to write, until the deadline is a TimeoutError, not a wait without end."""
    line = FifoLine()
    jobs, replies = _open_other_end(line)
    line.connect()
    with pytest.raises(TimeoutError):
        line.receive(time.monotonic())
    with pytest.raises(TimeoutError):
        line.send(bytes(10_000_000), time.monotonic() + 0.05)
    line.close()
    os.close(jobs)
    os.close(replies)


def test_other_users_cannot_reach_the_pipes() -> None:
    """The pipes' folder lies in one that only this user can enter."""
    line = FifoLine()
    assert line.folder.parent.stat().st_mode & 0o777 == 0o700
    line.close()
    assert not line.folder.parent.exists()


def test_folders_of_dead_owners_are_swept_and_others_left(tmp_path: Path) -> None:
    """A process killed while a container starts leaves a folder; the next pool removes it, and no live one's."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left_behind, in_use = (tmp_path / f"{FOLDER_PREFIX}{pid}-x" for pid in (dead.pid, os.getpid()))
    left_behind.mkdir()
    in_use.mkdir()
    assert sweep_folders(tmp_path) == 1
    assert (left_behind.exists(), in_use.exists()) == (False, True)
