"""The output folder: made, checked and held by one process at a time.

A folder is ours when it is empty or has a `run.db`. The lock is the kernel's, on an open file: it goes when its holder
dies, however it dies.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synthgen.dataset.ledger import FILE_NAME

LOCK_NAME = ".lock"
_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ENOENT}


class FolderRefused(Exception):
    """The folder cannot hold this run. The message says why and what to do."""


class FolderInUse(Exception):
    """Another live process works on this folder."""


@contextmanager
def claim(directory: Path) -> Iterator[None]:
    """Hold the folder for one run, making it where it is missing. Raises FolderRefused or FolderInUse."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        present = {entry.name for entry in directory.iterdir()}
        if present - {LOCK_NAME} and FILE_NAME not in present:
            raise FolderRefused(
                f"{directory} is not empty and has no {FILE_NAME}, so it is not the folder of a run. "
                "Give an empty or a new folder with --out."
            )
        lock = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno in _NOT_WRITABLE:
            raise FolderRefused(_cannot_write(directory, error)) from error
        raise
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise FolderInUse(
                f"{directory} is in use by another synthgen (process {holder}). Wait for it, stop it, or use another --out."
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def _cannot_write(directory: Path, error: OSError) -> str:
    return f"{directory} cannot be written: {error.strerror or error}. Give a folder that you may write to with --out."
