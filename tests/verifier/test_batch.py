"""Many rows: order, bounded reading, and faults that stay with their row."""

from collections.abc import Iterator

import pytest

from sandbox.errors import EngineUnavailable
from tests.verifier.doubles import ScriptedSandbox
from verifier.batch import ROWS_AHEAD_PER_WORKER, verify_rows
from verifier.formats.rows import BadRow
from verifier.problem import Sample
from verifier.verdict import Reason
from verifier.verify import VerifyOptions


def make_sample(number: int) -> Sample:
    return Sample(task_id=f"x/{number}", entry_point="f", solution="def f(): return 1", tests="assert f() == 1")


def test_verdicts_come_in_the_order_of_the_rows() -> None:
    """Whatever worker is done first, row n's verdict is the n-th."""
    rows = [BadRow(task_id="bad", line=3, detail="line 3: not JSON") if n == 3 else make_sample(n) for n in range(50)]
    verdicts = list(verify_rows(rows, pool=ScriptedSandbox(), options=VerifyOptions(), workers=4))
    assert [verdict.task_id for verdict in verdicts] == [row.task_id for row in rows]
    assert [verdict.accepted for verdict in verdicts] == [n != 3 for n in range(50)]
    assert verdicts[3].reason is Reason.MALFORMED
    assert verdicts[3].checks[0].detail == "line 3: not JSON"


def test_no_more_rows_are_read_than_the_workers_need() -> None:
    """Memory is bounded by the number of workers, not by the file."""
    read: list[int] = []

    def rows() -> Iterator[Sample]:
        for number in range(1_000):
            read.append(number)
            yield make_sample(number)

    verdicts = verify_rows(rows(), pool=ScriptedSandbox(), options=VerifyOptions(), workers=2)
    next(verdicts)
    assert len(read) <= 2 * ROWS_AHEAD_PER_WORKER
    verdicts.close()


def test_a_lost_engine_stops_the_run() -> None:
    """The error reaches the caller; no further row is started."""
    pool = ScriptedSandbox(error=EngineUnavailable("no engine answers"))
    with pytest.raises(EngineUnavailable):
        list(verify_rows(map(make_sample, range(1_000)), pool=pool, options=VerifyOptions(), workers=2))
    assert len(pool.jobs) < 1_000
