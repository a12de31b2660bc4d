"""Many rows at once: verdicts in the order of the rows, with a bounded number of rows in memory."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from verifier.formats.rows import BadRow
from verifier.problem import Sample
from verifier.sandboxes import Sandbox
from verifier.verdict import Check, CheckResult, Reason, Status, Verdict
from verifier.verify import VerifyOptions, verify

# Rows read ahead for each worker: enough that one slow sample does not leave the others idle.
ROWS_AHEAD_PER_WORKER = 8


def verify_rows(
    rows: Iterable[Sample | BadRow], *, pool: Sandbox, options: VerifyOptions, workers: int
) -> Generator[Verdict]:
    """One verdict per row, in order. Raises EngineUnavailable; what was started is then waited for, nothing more started."""
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="verify") as executor:
        pending: deque[Future[Verdict]] = deque()
        try:
            for row in rows:
                pending.append(executor.submit(_judge, row, pool, options))
                if len(pending) >= workers * ROWS_AHEAD_PER_WORKER:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def judge_bad_row(row: BadRow) -> Verdict:
    """The verdict on a row that is no sample."""
    fault = CheckResult(check=Check.STATIC, status=Status.REFUTED, reason=Reason.MALFORMED, detail=row.detail)
    return Verdict(task_id=row.task_id, accepted=False, reason=Reason.MALFORMED, checks=(fault,))


def _judge(row: Sample | BadRow, pool: Sandbox, options: VerifyOptions) -> Verdict:
    if isinstance(row, BadRow):
        return judge_bad_row(row)
    return verify(row, pool=pool, options=options)
