"""`run.db`: what is written comes back, and what is not ours is refused."""

import sqlite3
from pathlib import Path

import pytest

from synthgen.completion import Rejection
from synthgen.dataset.ledger import LedgerRefused, open_ledger, storable
from synthgen.parse import parse
from tests.synthgen.doubles import SmallEngine, verdict_on
from verifier.problem import Sample
from verifier.verdict import Check, CheckResult, Reason, Status, Verdict

ENGINE = SmallEngine()


def test_completions_and_verdicts_come_back_as_they_were(tmp_path: Path) -> None:
    """A record read from the file equals what was written, another process later."""
    completion = ENGINE.complete(2)
    sample = parse(completion)
    assert isinstance(sample, Sample)
    verdict = verdict_on(sample)
    with open_ledger(tmp_path / "run.db") as ledger:
        ledger.add(completion, task_id=sample.task_id, digest=b"d", generated_s=0.5)
        ledger.add_verdict(2, verdict, wall_s=0.25)
    with open_ledger(tmp_path / "run.db", read_only=True) as ledger:
        (record,) = ledger.records(accepted=False, below=10)
    assert record.completion == completion
    assert record.verdict == verdict
    assert (record.stage, record.reason, record.counterexample) == ("examples", "example_failed", "add(n=0)")


def test_a_rejection_without_the_verifier_is_written_with_its_completion(tmp_path: Path) -> None:
    """A completion that never became a sample leaves no work to do."""
    rejection = Rejection(stage="parse", reason=Reason.UNPARSABLE, detail="no JSON")
    with open_ledger(tmp_path / "run.db") as ledger:
        ledger.add(ENGINE.complete(0), task_id="small/0", digest=None, generated_s=0.0, rejection=rejection)
        (record,) = ledger.records(accepted=False, below=1)
        assert list(ledger.waiting()) == []
    assert (record.stage, record.reason, record.detail, record.verdict) == ("parse", "unparsable", "no JSON", None)


def test_a_completion_without_a_verdict_waits_and_tells_whether_it_failed_before(tmp_path: Path) -> None:
    """Work to do is what has neither a verdict nor been set aside."""
    with open_ledger(tmp_path / "run.db") as ledger:
        for index in range(4):
            ledger.add(ENGINE.complete(index), task_id=f"small/{index}", digest=None, generated_s=0.0)
        ledger.add_verdict(0, Verdict(task_id="small/0", accepted=True), wall_s=0.0)
        ledger.add_unjudged(2, detail="lost")
        ledger.add_unjudged(3, detail="lost")
        ledger.set_aside(3, detail="lost again")
        assert list(ledger.waiting()) == [(1, False), (2, True)]
        assert ledger.next_index() == 4
        assert ledger.nth_accepted(1) == 0
        assert ledger.nth_accepted(2) is None


def test_the_lowest_index_with_a_digest_is_the_partner(tmp_path: Path) -> None:
    """A digest names its first holder."""
    with open_ledger(tmp_path / "run.db") as ledger:
        for index in range(3):
            ledger.add(ENGINE.complete(index), task_id=f"small/{index}", digest=b"same", generated_s=0.0)
        assert ledger.first_with_digest(b"same") == "small/0"
        assert ledger.first_with_digest(b"other") is None


def test_text_that_utf8_cannot_hold_is_stored_with_question_marks(tmp_path: Path) -> None:
    """A hostile sample's message cannot stop the run that writes it down."""
    check = CheckResult(check=Check.EXAMPLES, status=Status.REFUTED, reason=Reason.EXAMPLE_FAILED, detail="got \ud800")
    verdict = Verdict(task_id="small/0", accepted=False, reason=Reason.EXAMPLE_FAILED, checks=(check,))
    with open_ledger(tmp_path / "run.db") as ledger:
        ledger.add(ENGINE.complete(0), task_id="small/0", digest=None, generated_s=0.0)
        ledger.add_verdict(0, verdict, wall_s=0.0)
        (record,) = ledger.records(accepted=False, below=1)
    assert record.detail == storable("got \ud800") == "got ?"
    assert record.verdict is not None
    assert record.verdict.checks[0].detail == "got ?"


def test_a_ledger_of_another_version_is_refused_with_both_versions(tmp_path: Path) -> None:
    """A file that a later synthgen made is left alone."""
    path = tmp_path / "run.db"
    with open_ledger(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with (
        pytest.raises(LedgerRefused, match="has ledger version 99, and this synthgen works with version 1"),
        open_ledger(path),
    ):
        pass


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A run.db with other content is not overwritten."""
    path = tmp_path / "run.db"
    path.write_text("not a database, but a long enough text to be mistaken for one " * 100)
    with pytest.raises(LedgerRefused, match="is not a SQLite file"), open_ledger(path):
        pass
    assert path.read_text().startswith("not a database")


def test_meta_values_come_back_and_the_last_write_wins(tmp_path: Path) -> None:
    """Facts about the run are JSON values under a name."""
    with open_ledger(tmp_path / "run.db") as ledger:
        ledger.set_meta({"below": 3})
        ledger.set_meta({"below": 4, "identity": {"--seed": "1"}})
        assert ledger.meta("below") == 4
        assert ledger.meta("identity") == {"--seed": "1"}
        assert ledger.meta("missing") is None


def test_a_reader_leaves_no_files_behind(tmp_path: Path) -> None:
    """After a report the folder holds what it held before."""
    with open_ledger(tmp_path / "run.db"):
        pass
    with open_ledger(tmp_path / "run.db", read_only=True) as ledger:
        assert ledger.next_index() == 0
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            ledger.set_meta({"below": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["run.db"]


def test_a_reader_sees_what_a_writer_at_work_has_committed(tmp_path: Path) -> None:
    """A report of a running run is possible and shows every committed row."""
    with open_ledger(tmp_path / "run.db") as writer, open_ledger(tmp_path / "run.db", read_only=True) as reader:
        writer.add(ENGINE.complete(0), task_id="small/0", digest=None, generated_s=0.0)
        assert reader.next_index() == 1
        assert reader.completion(0) == ENGINE.complete(0)
