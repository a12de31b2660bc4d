"""The one fixture that is dear enough to share: a pool of warm containers for the whole session."""

from collections.abc import Iterator

import pytest

from sandbox.errors import EngineUnavailable
from sandbox.pool import Pool


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Two warm containers; tests that need them are skipped where no engine answers."""
    try:
        opened = Pool(workers=2).__enter__()
    except EngineUnavailable as error:
        pytest.skip(f"no Docker engine: {error}")
    try:
        yield opened
    finally:
        opened.__exit__(None, None, None)
