"""The engine that asks nobody: it gives the completions of an earlier run again, to judge them anew.

Its version is a digest of everything it would give, so a run that replays another source is another run.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

from synthgen.completion import Completion
from synthgen.dataset.ledger import FILE_NAME, Ledger, open_ledger


class ReplayRefused(Exception):
    """The folder has no recorded completions. The message says what to give instead."""


class Replay:
    """An open recording. count is how many completions it has; a completion keeps the engine that once made it."""

    name = "replay"

    def __init__(self, ledger: Ledger, *, count: int) -> None:
        self._ledger = ledger
        self.count = count
        self.version = _digest(ledger, count=count)

    def complete(self, index: int) -> Completion:
        """The recorded completion at `index`; asking past `count` raises IndexError."""
        completion = self._ledger.completion(index) if index < self.count else None
        if completion is None:
            raise IndexError(f"the recording has {self.count} completions and none at {index}")
        return completion


@contextmanager
def open_replay(directory: Path) -> Iterator[Replay]:
    """The recording in an earlier run's folder; raises ReplayRefused."""
    path = directory / FILE_NAME
    if not path.is_file():
        raise ReplayRefused(f"--replay {directory} has no {FILE_NAME}; give the folder of an earlier synthgen produce.")
    with open_ledger(path, read_only=True) as ledger:
        count = ledger.next_index()
        if count == 0:
            raise ReplayRefused(
                f"--replay {directory} has no completions yet; give the folder of a run that got further."
            )
        yield Replay(ledger, count=count)


def _digest(ledger: Ledger, *, count: int) -> str:
    digest = hashlib.sha256()
    for index in range(count):
        completion = ledger.completion(index)
        assert completion is not None
        digest.update(repr(astuple(completion)).encode("utf-8"))
    return digest.hexdigest()[:16]
