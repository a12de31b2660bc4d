"""What the plots and tables of the page show, counted in one pass over the run's verdicts."""

import json
import statistics
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TypeVar

from synthgen.dataset.ledger import Ledger

_Key = TypeVar("_Key")

YIELD_STEPS = 48
LISTED = 60
# what became of a planted fault, where it is not the check that caught it
_ACCEPTED, _UNTRIED = "(accepted)", "(untried)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How many samples of one kind were accepted and refused."""

    accepted: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        """Accepted and refused together."""
        return self.accepted + self.rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class RungTime:
    """How long one check took over the samples that reached it."""

    check: str
    runs: int
    median_s: float
    p95_s: float
    total_s: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """One kind of planted fault: untried ones were refused before any check ran, the rest were caught or accepted."""

    fault: str
    planted: int
    caught: int
    untried: int
    accepted: int
    by_stage: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Counts:
    """What one pass adds up; it does not leave this module."""

    topics: Counter[tuple[str, bool]] = field(default_factory=Counter)
    difficulties: Counter[tuple[int, bool]] = field(default_factory=Counter)
    assurances: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    steps: Counter[tuple[int, bool]] = field(default_factory=Counter)
    times: dict[str, "array[float]"] = field(default_factory=dict)
    false_accepts: list[str] = field(default_factory=list)
    false_rejects: list[str] = field(default_factory=list)
    clean: int = 0
    clean_refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The counts of a run. Lists of task_ids hold the first `LISTED`; the counts beside them are complete."""

    topics: dict[str, Split]
    difficulties: dict[int, Split]
    assurances: dict[str, int]
    rung_times: tuple[RungTime, ...]
    step_starts: tuple[int, ...]
    step_yields: tuple[float, ...]
    running_yields: tuple[float, ...]
    faults: tuple[FaultRow, ...]
    false_accepts: tuple[str, ...]
    false_rejects: tuple[str, ...]
    clean: int
    clean_refused: int


def tally(ledger: Ledger, *, below: int) -> Tally:
    """Count the verdicts on the samples with an index less than `below`."""
    counts = _Counts()
    width = max(1, -(-below // YIELD_STEPS))
    query = (
        "SELECT v.idx, c.task_id, c.topic, c.difficulty, c.fault, v.accepted, v.stage, v.assurance, v.verdict "
        "FROM verdicts v JOIN completions c ON c.idx = v.idx WHERE v.idx < ? ORDER BY v.idx"
    )
    for index, task_id, topic, difficulty, fault, was_accepted, stage, assurance, verdict in ledger.connection.execute(
        query, (below,)
    ):
        accepted = bool(was_accepted)
        counts.topics[topic, accepted] += 1
        counts.difficulties[difficulty, accepted] += 1
        counts.steps[index // width, accepted] += 1
        if accepted:
            counts.assurances[assurance] += 1
        _count_fault(counts, task_id, fault=fault, accepted=accepted, tried=verdict is not None, stage=stage)
        for check, wall_s in _check_times(verdict).items():
            counts.times.setdefault(check, array("d")).append(wall_s)
    return _finished(counts, below=below, width=width)


def _check_times(verdict: str | None) -> dict[str, float]:
    """Seconds by check; a check that gave several results, such as properties and contracts, took their sum."""
    times: dict[str, float] = {}
    for result in json.loads(verdict)["checks"] if verdict else ():
        times[result["check"]] = times.get(result["check"], 0.0) + result["wall_s"]
    return times


def _count_fault(
    counts: _Counts, task_id: str, *, fault: str | None, accepted: bool, tried: bool, stage: str | None
) -> None:
    if fault is not None:
        counts.faults[fault, _ACCEPTED if accepted else str(stage) if tried else _UNTRIED] += 1
        if accepted and len(counts.false_accepts) < LISTED:
            counts.false_accepts.append(task_id)
    elif tried:
        counts.clean += 1
        counts.clean_refused += not accepted
        if not accepted and len(counts.false_rejects) < LISTED:
            counts.false_rejects.append(task_id)


def _finished(counts: _Counts, *, below: int, width: int) -> Tally:
    steps = sorted({step for step, _ in counts.steps})
    good, seen = 0, 0
    shares, running = [], []
    for step in steps:
        here = counts.steps[step, True] + counts.steps[step, False]
        good, seen = good + counts.steps[step, True], seen + here
        shares.append(100 * counts.steps[step, True] / here)
        running.append(100 * good / seen)
    return Tally(
        topics=dict(sorted(_splits(counts.topics).items(), key=lambda item: (-item[1].rejected, item[0]))),
        difficulties=dict(sorted(_splits(counts.difficulties).items())),
        assurances=dict(counts.assurances),
        rung_times=_rung_times(counts.times),
        step_starts=(*(step * width for step in steps), below) if steps else (0,),
        step_yields=tuple(shares),
        running_yields=tuple(running),
        faults=_fault_rows(counts.faults),
        false_accepts=tuple(counts.false_accepts),
        false_rejects=tuple(counts.false_rejects),
        clean=counts.clean,
        clean_refused=counts.clean_refused,
    )


def _splits(counted: Counter[tuple[_Key, bool]]) -> dict[_Key, Split]:
    keys = {key for key, _ in counted}
    return {key: Split(accepted=counted[key, True], rejected=counted[key, False]) for key in keys}


def _rung_times(times: dict[str, "array[float]"]) -> tuple[RungTime, ...]:
    whole = sum(map(sum, times.values())) or 1.0
    rows = []
    for check, measured in times.items():
        p95 = statistics.quantiles(measured, n=20, method="inclusive")[-1] if len(measured) > 1 else measured[0]
        total = sum(measured)
        median = statistics.median(measured)
        rows.append(
            RungTime(check=check, runs=len(measured), median_s=median, p95_s=p95, total_s=total, share=total / whole)
        )
    return tuple(rows)


def _fault_rows(faults: Counter[tuple[str, str]]) -> tuple[FaultRow, ...]:
    rows = []
    for fault in sorted({name for name, _ in faults}):
        stages = Counter({stage: count for (name, stage), count in faults.items() if name == fault})
        accepted, untried = stages.pop(_ACCEPTED, 0), stages.pop(_UNTRIED, 0)
        caught = stages.total()
        rows.append(
            FaultRow(
                fault=fault,
                planted=accepted + untried + caught,
                caught=caught,
                untried=untried,
                accepted=accepted,
                by_stage=tuple(stages.most_common()),
            )
        )
    return tuple(rows)
