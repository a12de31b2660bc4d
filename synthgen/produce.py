"""The produce loop: the only place with concurrency. Candidates 0, 1, 2, … until n are accepted in index order.

What the data set holds depends on verdicts and indexes only, never on which worker was faster:

- a candidate is a duplicate if *any* lower index has the same normalised solution, whatever became of that one, planted
  faults included. So novelty is known when a candidate is generated, before its verdict and that of any other;
- the run ends when n are accepted and everything below the n-th accepted index is resolved. Accepted rows are those up
  to it, rejected rows those below it; so `--n 100` is a prefix of `--n 200`. Verdicts past it stay in `run.db` and are
  used when n grows.

Memory does not grow with the run: digests live in `run.db` under an index, and only unresolved candidates are held.
Everything is committed there as it happens, so resuming means reading it: generate from the first missing index, judge
what has no verdict.

When our machinery fails on a sample, the sample waits. It is retried once nothing else is left to do; if it fails three
times more while an accepted sample is judged well, it is set aside and named in the manifest. When failures pile up, the
run stops: that is no property of samples.
"""

import errno
import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from synthgen.completion import Engine, Rejection
from synthgen.dataset.folder import claim
from synthgen.dataset.ledger import FILE_NAME, Ledger, open_ledger
from synthgen.dataset.publish import Published, publish
from synthgen.options import OptionRefused, ProduceOptions, first_difference
from synthgen.parse import parse, task_id_of
from synthgen.workers import Broken, Event, Generated, Judge, Judged, Unjudged, Workers, judge_once
from verifier.problem import Sample
from verifier.verdict import Reason

MAX_UNJUDGED_IN_A_ROW = 20
RECENT = 1_000
MAX_UNJUDGED_OF_RECENT = RECENT // 20
RETRIES = 3
GRACE_S = 10.0
_TICK_S = 0.25


class RunStopped(Exception):
    """The run cannot go on for now; what is done is in `run.db`. The message says what failed."""


class RunInterrupted(Exception):
    """Somebody asked the run to stop; what is done is in `run.db`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is. accepted_before counts those that were there when this process began; queued wait for a worker."""

    target: int
    attempted: int
    accepted: int
    accepted_before: int
    rejected: Mapping[str, int]
    judging: int
    queued: int
    unjudged: int


Observe = Callable[[Progress], None]


@dataclass(slots=True, kw_only=True)
class _Run:
    """What the loop holds of a run beside the ledger: unresolved candidates and running counts."""

    options: ProduceOptions
    ledger: Ledger
    next_index: int
    accepted: int
    accepted_before: int
    rejected: Counter[str]
    generating: int = 0
    judging: set[int] = field(default_factory=set)
    failures: dict[int, int] = field(default_factory=dict)  # waiting for a retry: index -> retries that failed
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))  # of first attempts: was it unjudged?

    @property
    def window(self) -> int:
        """How many candidates may be unresolved at once: one at each worker, one waiting for it, one being generated."""
        return 2 * self.options.workers + 1


def produce(
    options: ProduceOptions,
    *,
    engine: Engine,
    open_judge: Callable[[], AbstractContextManager[Judge]],
    identity: Mapping[str, str],
    facts: Callable[[], Mapping[str, object]] = dict,
    observe: Observe = lambda progress: None,
    stop: threading.Event | None = None,
) -> Published:
    """Bring the folder to n accepted samples, or as near as max_candidates lets it, and write its data set.

    open_judge is entered only when there is something to judge. What it raises passes through, so that a missing
    prerequisite is told from a run that broke. identity names everything that the data depends on; facts are asked for
    when the manifest is written. Setting `stop` ends the run early with RunInterrupted.

    Raises OptionRefused, FolderRefused, FolderInUse, LedgerRefused, RunStopped or RunInterrupted.
    """
    with _disk_errors(options.out), claim(options.out), open_ledger(options.out / FILE_NAME) as ledger:
        _check_identity(ledger, identity, directory=options.out)
        session = ledger.start_session()
        ended = "stopped"
        try:
            run = _read(ledger, options)
            if not _is_settled(run):
                with open_judge() as judge:
                    _judge_until_settled(
                        run, engine=engine, judge=judge, observe=observe, stop=stop or threading.Event()
                    )
            below = _end(run)
            ended = "done" if run.accepted >= options.n else "short"
            ledger.end_session(session, ended=ended)
            return publish(ledger, options=options, identity=identity, facts=facts(), below=below)
        except (RunInterrupted, KeyboardInterrupt):
            ended = "interrupted"
            raise
        finally:
            if ended in ("stopped", "interrupted"):
                _try_to_end(ledger, session, ended=ended)


def _check_identity(ledger: Ledger, identity: Mapping[str, str], *, directory: Path) -> None:
    before = ledger.meta("identity")
    if before is None:
        ledger.set_meta({"identity": dict(identity)})
        return
    assert isinstance(before, dict)
    difference = first_difference(dict(identity), before, directory=directory)
    if difference is not None:
        raise OptionRefused(difference)


def _read(ledger: Ledger, options: ProduceOptions) -> _Run:
    accepted = ledger.accepted_count()
    return _Run(
        options=options,
        ledger=ledger,
        next_index=ledger.next_index(),
        accepted=accepted,
        accepted_before=accepted,
        rejected=Counter(ledger.rejections_by_reason()),
    )


def _end(run: _Run) -> int:
    """The first index that the data set leaves out, going by the verdicts so far."""
    last = run.ledger.nth_accepted(run.options.n) if run.accepted >= run.options.n else None
    return run.options.max_candidates if last is None else last + 1


def _is_settled(run: _Run) -> bool:
    """Whether the ledger alone decides the data set, before any thread has started."""
    end = _end(run)
    return run.next_index >= end and all(index >= end for index, _ in run.ledger.waiting())


def _judge_until_settled(run: _Run, *, engine: Engine, judge: Judge, observe: Observe, stop: threading.Event) -> None:
    workers = Workers(engine=engine, judge=judge, count=run.options.workers)
    try:
        for index, failed_before in run.ledger.waiting():
            if failed_before:
                run.failures[index] = 0
            else:
                _send(run, workers, index)
        while _advance(run, workers, judge):
            observe(_progress(run, workers))
            if stop.is_set():
                _drain(run, workers)
                raise RunInterrupted
            event = workers.next_event(timeout_s=_TICK_S)
            if event is not None:
                _take(run, workers, event)
        observe(_progress(run, workers))
    finally:
        workers.dismiss()


def _advance(run: _Run, workers: Workers, judge: Judge) -> bool:
    """Ask the workers for whatever is useful now; False when there is nothing left to wait for."""
    end = _end(run)
    if run.accepted < run.options.n:
        while run.next_index + run.generating < end and run.generating + len(run.judging) < run.window:
            workers.generate(run.next_index + run.generating)
            run.generating += 1
        if run.generating:
            return True
    if any(index < end for index in run.judging):
        return True
    waiting = sorted(index for index in run.failures if index < end)
    for index in waiting:
        if run.failures[index] < RETRIES:
            _send(run, workers, index)
        else:
            _set_aside(run, judge, index)
    return bool(waiting)


def _send(run: _Run, workers: Workers, index: int) -> None:
    """Ask for a verdict on a candidate that the ledger has."""
    run.judging.add(index)
    workers.judge(index, _sample(run.ledger, index))


def _sample(ledger: Ledger, index: int) -> Sample:
    completion = ledger.completion(index)
    assert completion is not None, f"index {index} is waiting for a verdict, but has no completion"
    sample = parse(completion)
    assert isinstance(sample, Sample), (
        f"index {index} is waiting for a verdict, but its text is no sample: {sample.detail}"
    )
    return sample


def _take(run: _Run, workers: Workers, event: Event) -> None:
    """Write down what a worker reports, and decide what follows."""
    match event:
        case Generated():
            _take_generated(run, workers, event)
        case Judged(index=index, verdict=verdict, wall_s=wall_s):
            run.ledger.add_verdict(index, verdict, wall_s=wall_s)
            _note_attempt(run, index, unjudged=False)
            run.failures.pop(index, None)
            if verdict.accepted:
                run.accepted += 1
            elif verdict.reason is not None:
                run.rejected[verdict.reason.value] += 1
        case Unjudged(index=index, detail=detail):
            run.ledger.add_unjudged(index, detail=detail)
            _note_attempt(run, index, unjudged=True)
            run.failures[index] = run.failures.get(index, -1) + 1
            _stop_when_failures_pile_up(run, detail)
        case Broken(message=message):
            raise RunStopped(message)


def _take_generated(run: _Run, workers: Workers, event: Generated) -> None:
    completion, parsed = event.completion, event.parsed
    rejection = parsed if isinstance(parsed, Rejection) else None
    partner = run.ledger.first_with_digest(event.digest) if event.digest is not None else None
    if partner is not None:
        detail = f"the solution is that of {partner} but for names and constants"
        rejection = Rejection(stage="novelty", reason=Reason.DUPLICATE, detail=detail)
    run.ledger.add(
        completion,
        task_id=parsed.task_id if isinstance(parsed, Sample) else task_id_of(completion),
        digest=event.digest,
        generated_s=event.generated_s,
        rejection=rejection,
    )
    run.next_index += 1
    run.generating -= 1
    if rejection is not None:
        run.rejected[rejection.reason.value] += 1
    elif isinstance(parsed, Sample):
        run.judging.add(completion.index)
        workers.judge(completion.index, parsed)


def _note_attempt(run: _Run, index: int, *, unjudged: bool) -> None:
    run.judging.discard(index)
    if index not in run.failures:
        run.recent.append(unjudged)


def _stop_when_failures_pile_up(run: _Run, detail: str) -> None:
    """Retries do not count here: they are the samples that failed before, and have their own end."""
    cause = detail.partition("\n")[0]
    last = list(run.recent)[-MAX_UNJUDGED_IN_A_ROW:]
    if len(last) == MAX_UNJUDGED_IN_A_ROW and all(last):
        raise RunStopped(f"{MAX_UNJUDGED_IN_A_ROW} samples in a row could not be judged, the last because: {cause}")
    failed = sum(run.recent)
    if failed > MAX_UNJUDGED_OF_RECENT:
        raise RunStopped(
            f"{failed} of the last {len(run.recent)} samples could not be judged, the last because: {cause}"
        )


def _set_aside(run: _Run, judge: Judge, index: int) -> None:
    """Give up on a sample, but only while the judge still does its work on one that it accepted before."""
    control = run.ledger.nth_accepted(1)
    if control is None or not isinstance(judge_once(judge, control, _sample(run.ledger, control)), Judged):
        raise RunStopped(
            f"index {index} could not be judged in {RETRIES} retries, and nothing else can be judged either"
        )
    run.ledger.set_aside(index, detail=f"could not be judged in {RETRIES} retries, while index {control} could")
    del run.failures[index]


def _drain(run: _Run, workers: Workers) -> None:
    """Take what is already being judged, for a while; nothing new is started."""
    deadline = time.monotonic() + GRACE_S
    waiting = len(run.judging) - workers.forget_queued()
    while waiting > 0 and time.monotonic() < deadline:
        event = workers.next_event(timeout_s=_TICK_S)
        if isinstance(event, Judged | Unjudged):
            waiting -= 1
            _take(run, workers, event)


def _progress(run: _Run, workers: Workers) -> Progress:
    queued = workers.queued()
    return Progress(
        target=run.options.n,
        attempted=run.next_index,
        accepted=run.accepted,
        accepted_before=run.accepted_before,
        rejected=dict(run.rejected),
        judging=len(run.judging) - queued,
        queued=queued,
        unjudged=len(run.failures),
    )


def _try_to_end(ledger: Ledger, session: int, *, ended: str) -> None:
    """Note how the session ended, unless the reason for the end is that nothing can be written."""
    try:
        ledger.end_session(session, ended=ended)
    except sqlite3.Error:
        return


@contextmanager
def _disk_errors(directory: Path) -> Iterator[None]:
    """Turn a full disk, wherever it shows, into one sentence."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise RunStopped(_full(directory)) from error
        raise RunStopped(
            f"{directory / FILE_NAME} could not be read or written ({error}); is its disk full or gone?"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunStopped(_full(directory)) from error
        raise


def _full(directory: Path) -> str:
    return f"the disk of {directory} is full; make space first"
