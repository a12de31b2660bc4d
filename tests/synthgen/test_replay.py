"""The replay engine gives an earlier run's completions again."""

from pathlib import Path

import pytest

from synthgen.engines.replay import ReplayRefused, open_replay
from tests.synthgen.doubles import SmallEngine, run_small, shard_bytes


def test_a_replay_under_the_same_judge_gives_the_same_shards(tmp_path: Path) -> None:
    """Rows keep the engine that once made them, so nothing in the shards tells a replay from its source."""
    run_small(tmp_path / "source", 40)
    with open_replay(tmp_path / "source") as replay:
        run_small(tmp_path / "again", 40, engine=replay, max_candidates=replay.count)
    assert shard_bytes(tmp_path / "again") == shard_bytes(tmp_path / "source")


def test_the_version_tells_recordings_apart(tmp_path: Path) -> None:
    """Equal completions have one digest; others have another."""
    run_small(tmp_path / "a", 10, max_candidates=12, workers=1)
    run_small(tmp_path / "b", 10, max_candidates=12, workers=1, engine=SmallEngine(version="2"))
    with open_replay(tmp_path / "a") as one, open_replay(tmp_path / "a") as same, open_replay(tmp_path / "b") as other:
        assert one.version == same.version
        assert one.version != other.version


def test_asking_past_the_recording_raises_with_its_length(tmp_path: Path) -> None:
    """A recording is finite and says so."""
    run_small(tmp_path / "source", 100, max_candidates=9)
    with open_replay(tmp_path / "source") as replay:
        assert replay.complete(8) == SmallEngine().complete(8)
        with pytest.raises(IndexError, match="has 9 completions and none at 9"):
            replay.complete(9)


def test_a_folder_without_a_recording_is_refused(tmp_path: Path) -> None:
    """The message says what to give instead."""
    with pytest.raises(ReplayRefused, match=r"has no run\.db; give the folder of an earlier"), open_replay(tmp_path):
        pass
