"""The produce loop: what the data set holds depends on verdicts and indexes only."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from sandbox.errors import EngineUnavailable
from synthgen.completion import Completion
from synthgen.dataset.folder import FolderInUse, FolderRefused, claim
from synthgen.dataset.ledger import open_ledger
from synthgen.dataset.manifest import read_manifest
from synthgen.options import OptionRefused
from synthgen.produce import Progress, RunInterrupted, RunStopped
from tests.synthgen.doubles import SmallEngine, index_of, run_small, shard_bytes, unjudged, verdict_on
from verifier.problem import Sample
from verifier.verdict import Verdict

ROOT = Path(__file__).parents[2]


def task_ids(out: Path, kind: str) -> list[str]:
    files = sorted((out / kind).glob("*.parquet"))
    return [task_id for file in files for task_id in parquet.read_table(file)["task_id"].to_pylist()]


def test_n_counts_accepted_samples_and_every_other_candidate_is_explained(tmp_path: Path) -> None:
    """Accepted and rejected rows together are all candidates up to the last accepted one."""
    published = run_small(tmp_path / "run", 50)
    assert len(task_ids(tmp_path / "run", "accepted")) == published.funnel.accepted == 50
    assert len(task_ids(tmp_path / "run", "rejected")) == published.below - 50
    assert task_ids(tmp_path / "run", "accepted")[-1] == f"small/{published.below - 1}"


def test_a_smaller_n_is_a_prefix_of_a_larger_one(tmp_path: Path) -> None:
    """The rows of n=30 are the first rows of n=90, accepted and rejected alike."""
    run_small(tmp_path / "small", 30)
    run_small(tmp_path / "large", 90)
    for kind in ("accepted", "rejected"):
        few, many = task_ids(tmp_path / "small", kind), task_ids(tmp_path / "large", kind)
        assert many[: len(few)] == few


def test_growing_and_shrinking_n_gives_what_a_fresh_run_gives(tmp_path: Path) -> None:
    """The data set in a folder depends on the last n only, not on the way there."""
    run_small(tmp_path / "fresh", 30)
    run_small(tmp_path / "grown", 90)
    run_small(tmp_path / "steps", 30)
    assert shard_bytes(tmp_path / "steps") == shard_bytes(tmp_path / "fresh")
    run_small(tmp_path / "steps", 90)
    assert shard_bytes(tmp_path / "steps") == shard_bytes(tmp_path / "grown")
    run_small(tmp_path / "steps", 30)
    assert shard_bytes(tmp_path / "steps") == shard_bytes(tmp_path / "fresh")


def test_workers_and_the_order_of_their_answers_change_no_byte(tmp_path: Path) -> None:
    """One worker in order and eight that answer in any order write the same shards."""

    def slowest_first(sample: Sample) -> Verdict:
        time.sleep(random.random() * 0.01)
        return verdict_on(sample)

    run_small(tmp_path / "one", 60, workers=1)
    run_small(tmp_path / "many", 60, workers=8, judge=slowest_first)
    assert shard_bytes(tmp_path / "many") == shard_bytes(tmp_path / "one")


def test_a_lower_index_that_is_judged_last_still_comes_first(tmp_path: Path) -> None:
    """The run waits for what lies below its last accepted row, however much is accepted above."""
    others_done = threading.Event()
    judged = []

    def first_one_waits(sample: Sample) -> Verdict:
        if index_of(sample) == 0:
            others_done.wait(timeout=30)
        judged.append(index_of(sample))
        if len(judged) > 12:
            others_done.set()
        return verdict_on(sample)

    run_small(tmp_path / "run", 5, judge=first_one_waits)
    assert judged[0] != 0
    assert task_ids(tmp_path / "run", "accepted")[0] == "small/0"


def test_a_repeated_solution_is_refused_and_names_the_first_one(tmp_path: Path) -> None:
    """Novelty compares with every lower index and says whom it repeats."""
    run_small(tmp_path / "run", 40)
    rows = [row for file in (tmp_path / "run/rejected").iterdir() for row in parquet.read_table(file).to_pylist()]
    repeated = {row["task_id"]: row["detail"] for row in rows if row["reason"] == "duplicate"}
    assert "that of small/19 " in repeated["small/21"]


@pytest.mark.parametrize("source", ["def f(:", "x = '\0'", "-" * 50_000 + "1", "a" + ".b" * 50_000])
def test_a_solution_that_does_not_parse_is_left_to_the_verifier(tmp_path: Path, source: str) -> None:
    """Novelty cannot stop a run: an unparsable source is compared as it stands, then judged."""

    class OneSource(SmallEngine):
        def complete(self, index: int) -> Completion:
            row = {"task_id": f"small/{index}", "entry_point": "f", "solution": source}
            return replace(SmallEngine().complete(index), text=json.dumps(row))

    published = run_small(tmp_path / "run", 5, engine=OneSource(), max_candidates=5)
    assert (published.funnel.judged, published.funnel.duplicate) == (1, 4)


def test_kill_at_any_moment_and_the_same_command_again_equals_an_uninterrupted_run(tmp_path: Path) -> None:
    """SIGKILL, several times at random moments, changes no byte of the shards."""
    run_small(tmp_path / "whole", 300)
    command = [sys.executable, "-m", "tests.synthgen.doubles", str(tmp_path / "killed"), "300"]
    moments = random.Random(5)
    killed = 0
    for _ in range(6):
        process = subprocess.Popen(command, cwd=ROOT)
        while not (tmp_path / "killed" / "run.db").exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed > 1
    subprocess.run(command, cwd=ROOT, check=True)
    assert shard_bytes(tmp_path / "killed") == shard_bytes(tmp_path / "whole")


def test_a_finished_run_needs_no_judge_to_be_run_again(tmp_path: Path) -> None:
    """The same command on a finished folder judges nothing."""

    def forbidden(sample: Sample) -> Verdict:
        raise AssertionError(sample.task_id)

    run_small(tmp_path / "run", 30)
    before = shard_bytes(tmp_path / "run")
    run_small(tmp_path / "run", 30, judge=forbidden)
    assert shard_bytes(tmp_path / "run") == before


def test_too_few_accepted_writes_what_there_is_and_says_so_in_the_figures(tmp_path: Path) -> None:
    """With max_candidates reached, every candidate is in one of the two shards."""
    published = run_small(tmp_path / "run", 1_000, max_candidates=60)
    assert published.funnel.accepted < 1_000
    assert published.funnel.attempted == 60
    assert len(task_ids(tmp_path / "run", "accepted")) + len(task_ids(tmp_path / "run", "rejected")) == 60


def test_a_sample_that_our_machinery_failed_on_is_judged_later_and_changes_nothing(tmp_path: Path) -> None:
    """A lost container costs a retry, no row."""
    failed: set[int] = set()

    def fails_first(sample: Sample) -> Verdict:
        index = index_of(sample)
        if index % 29 == 1 and index not in failed:
            failed.add(index)
            return unjudged(sample)
        return verdict_on(sample)

    run_small(tmp_path / "clean", 60)
    published = run_small(tmp_path / "flaky", 60, judge=fails_first)
    assert failed
    assert published.funnel.set_aside == 0
    assert shard_bytes(tmp_path / "flaky") == shard_bytes(tmp_path / "clean")


def test_a_sample_that_can_never_be_judged_is_set_aside_and_is_no_rejection(tmp_path: Path) -> None:
    """While others are judged well, one that breaks every sandbox does not hold the run up."""

    def breaks_on_eight(sample: Sample) -> Verdict:
        if index_of(sample) == 8:
            raise RuntimeError("the verifier has a bug")
        return verdict_on(sample)

    published = run_small(tmp_path / "run", 20, judge=breaks_on_eight)
    assert published.funnel.set_aside == 1
    assert "small/8" not in task_ids(tmp_path / "run", "accepted") + task_ids(tmp_path / "run", "rejected")
    assert published.funnel.attempted == published.funnel.accepted + 1 + sum(r.count for r in published.funnel.refusals)
    with open_ledger(tmp_path / "run" / "run.db", read_only=True) as ledger:
        (detail,) = ledger.connection.execute("SELECT detail FROM unjudged LIMIT 1").fetchone()
    assert "the verifier has a bug" in detail


def test_failures_in_a_row_stop_the_run_and_nothing_is_lost(tmp_path: Path) -> None:
    """When nothing can be judged any more the run stops; the same command later ends as if nothing had happened."""

    def breaks_down(sample: Sample) -> Verdict:
        return unjudged(sample) if index_of(sample) > 40 else verdict_on(sample)

    run_small(tmp_path / "whole", 60)
    with pytest.raises(
        RunStopped, match="20 samples in a row could not be judged, the last because: both containers were lost"
    ):
        run_small(tmp_path / "run", 60, judge=breaks_down)
    assert read_manifest(tmp_path / "run") is None
    run_small(tmp_path / "run", 60)
    assert shard_bytes(tmp_path / "run") == shard_bytes(tmp_path / "whole")


def test_too_large_a_share_of_failures_stops_the_run(tmp_path: Path) -> None:
    """More than 50 unjudged of the last 1,000 is no matter of single samples."""

    def every_third_breaks(sample: Sample) -> Verdict:
        return unjudged(sample) if index_of(sample) % 3 == 0 else verdict_on(sample)

    with pytest.raises(RunStopped, match=r"51 of the last [0-9]+ samples could not be judged"):
        run_small(tmp_path / "run", 1_000, judge=every_third_breaks)


def test_an_engine_that_stops_in_the_middle_stops_the_run_and_nothing_is_lost(tmp_path: Path) -> None:
    """No Docker engine from some moment on: a sentence, and the same command goes on later."""

    def engine_gone(sample: Sample) -> Verdict:
        if index_of(sample) > 20:
            raise EngineUnavailable("no Docker engine answers at unix:///var/run/docker.sock")
        return verdict_on(sample)

    run_small(tmp_path / "whole", 40)
    with pytest.raises(RunStopped, match="the Docker engine no longer answers: no Docker engine answers at unix"):
        run_small(tmp_path / "run", 40, judge=engine_gone)
    run_small(tmp_path / "run", 40)
    assert shard_bytes(tmp_path / "run") == shard_bytes(tmp_path / "whole")


def test_a_generator_that_fails_stops_the_run_and_is_named(tmp_path: Path) -> None:
    """An engine's exception becomes a sentence with its index."""

    class FailsAtTen(SmallEngine):
        def complete(self, index: int) -> Completion:
            if index == 10:
                raise ValueError("no more ideas")
            return SmallEngine().complete(index)

    with pytest.raises(RunStopped, match="the small engine failed at index 10: ValueError: no more ideas"):
        run_small(tmp_path / "run", 40, engine=FailsAtTen())


def test_an_interrupt_keeps_what_is_judged_and_the_rest_follows_later(tmp_path: Path) -> None:
    """Asked to stop, the run stops early, and resuming ends as if it had not."""
    stop = threading.Event()

    def stops_at_fifteen(sample: Sample) -> Verdict:
        if index_of(sample) >= 15:
            stop.set()
        return verdict_on(sample)

    run_small(tmp_path / "whole", 60)
    with pytest.raises(RunInterrupted):
        run_small(tmp_path / "run", 60, judge=stops_at_fifteen, stop=stop)
    with open_ledger(tmp_path / "run" / "run.db", read_only=True) as ledger:
        assert 5 < ledger.accepted_count() < 60
    run_small(tmp_path / "run", 60)
    assert shard_bytes(tmp_path / "run") == shard_bytes(tmp_path / "whole")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": 3}, "--seed is 3 but {out} was made with 0; use another --out or the same value"),
        ({"fault_rate": 0.5}, "--fault-rate is 0.5 but {out} was made with 0.0"),
        ({"level": "quick"}, "--level is quick but {out} was made with full"),
        ({"shard_rows": 21}, "--shard-rows is 21 but {out} was made with 20"),
        ({"engine": SmallEngine(version="2")}, "the engine's version is 2 but {out} was made with 1"),
    ],
)
def test_an_option_that_would_change_the_data_is_refused_by_name(
    tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    """Resuming with another value says which one, and both values."""
    run_small(tmp_path / "run", 5)
    with pytest.raises(OptionRefused) as refusal:
        run_small(tmp_path / "run", 5, **changed)  # type: ignore[arg-type]
    assert message.format(out=tmp_path / "run") in str(refusal.value)


def test_a_folder_in_use_is_refused_with_the_process_that_holds_it(tmp_path: Path) -> None:
    """Two runs never write one folder."""
    with (
        claim(tmp_path / "run"),
        pytest.raises(FolderInUse, match=f"in use by another synthgen \\(process {os.getpid()}\\)"),
    ):
        run_small(tmp_path / "run", 5)


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A run never mixes with files that are not its own."""
    (tmp_path / "thesis.tex").write_text("words")
    with pytest.raises(FolderRefused, match=r"is not empty and has no run\.db"):
        run_small(tmp_path, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("place", ["file", "below_file", "read_only"])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    """A path through a file, or a file system that takes no files, is a clear sentence."""
    (tmp_path / "file").write_text("")
    out = {"file": tmp_path / "file", "below_file": tmp_path / "file" / "run", "read_only": Path("/proc/synthgen")}[
        place
    ]
    with pytest.raises(FolderRefused, match=r"cannot be written: .* Give a folder that you may write to with --out"):
        run_small(out, 5)


def test_a_full_disk_stops_the_run_and_after_making_space_it_goes_on(tmp_path: Path) -> None:
    """Nothing that was judged is lost to a full disk, wherever the run was when it filled."""
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", small], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small tmpfs could not be mounted: {mounted.stderr.strip()}")
    try:
        with pytest.raises(RunStopped, match=f"the disk of {small / 'run'} is full; make space first"):
            run_small(small / "run", 2_000)
        with open_ledger(small / "run" / "run.db", read_only=True) as ledger:
            kept = ledger.accepted_count()
        assert kept > 0
        subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
        run_small(small / "run", 600)
        run_small(tmp_path / "whole", 600)
        assert shard_bytes(small / "run") == shard_bytes(tmp_path / "whole")
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_progress_counts_add_up(tmp_path: Path) -> None:
    """What an observer sees last is the run's own count."""
    seen: list[Progress] = []
    run_small(tmp_path / "run", 30, observe=seen.append)
    last = seen[-1]
    assert last.target == 30
    assert last.accepted >= 30
    assert last.accepted + sum(last.rejected.values()) + last.judging + last.queued == last.attempted
