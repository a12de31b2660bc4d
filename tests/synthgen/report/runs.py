"""Run folders for the report's tests, written through the ledger as `produce` writes them."""

import json
from collections.abc import Iterable
from pathlib import Path

from synthgen.completion import Completion, Rejection
from synthgen.dataset.ledger import FILE_NAME, open_ledger
from synthgen.dataset.manifest import manifest_of, write_manifest
from synthgen.funnel import funnel_of
from synthgen.parse import task_id_of
from verifier.verdict import Assurance, Check, CheckResult, Reason, Status, Verdict

TOPICS = ("integers", "strings", "lists", "dicts", "tuples", "optional values")
FAULTS = ("off_by_one", "wrong_operator", "swapped_branches", "dropped_case")

SOLUTION = '''def {name}(xs: list[int], step: int = {step}) -> list[int]:
    """Sum each window of `step` neighbours."""
    # a window that runs over the end is left out
    totals: list[int] = []
    for start in range(0, len(xs) - step + {slip}):
        totals.append(sum(xs[start : start + step]))
    return totals
'''
REFERENCE = """def {name}(xs, step={step}):
    return [sum(window) for window in zip(*(xs[offset:] for offset in range(step)))]
"""
TESTS = """from hypothesis import given, strategies as st


def test_examples():
    assert {name}([1, 2, 3, 4], 2) == [3, 5, 7]
    assert {name}([], 3) == []


@given(st.lists(st.integers(-50, 50)), st.integers(1, 4))
def test_length(xs, step):
    assert len({name}(xs, step)) == max(0, len(xs) - step + 1), f"wrong length for {{step!r}}"
"""

Entry = tuple[Completion, Verdict | Rejection]


def completion(
    index: int, *, text: str | None = None, fault: str | None = None, topic: str | None = None
) -> Completion:
    """The completion at an index: a native row unless another text is given."""
    name = f"window_sums_{index}"
    step = 2 + index % 5
    row = {
        "task_id": f"compositional/{index}",
        "prompt": f"Write `{name}(xs, step={step})`: the sums of all windows of `step` neighbouring numbers, in order.",
        "entry_point": name,
        "solution": SOLUTION.format(name=name, step=step, slip=0 if fault else 1),
        "tests": TESTS.format(name=name),
        "contracts": {"pre": ["step >= 1"], "post": ["len(__return__) == max(0, len(xs) - step + 1)"], "raises": []},
        "reference": REFERENCE.format(name=name, step=step),
    }
    return Completion(
        index=index,
        text=json.dumps(row) if text is None else text,
        topic=topic or TOPICS[index * 7 % len(TOPICS)],
        difficulty=1 + index * 5 % 4,
        style=("plain", "functional", "verbose")[index % 3],
        engine="compositional",
        engine_version="1",
        fault=fault,
    )


def accepted(index: int, *, assurance: Assurance = Assurance.PROPERTY_TESTED) -> Verdict:
    """A verdict in which every check passed."""
    checks = tuple(
        CheckResult(check=check, status=Status.PASSED, detail="as expected", wall_s=wall_s(check, index))
        for check in Check
    )
    return Verdict(task_id=f"compositional/{index}", accepted=True, assurance=assurance, checks=checks)


def refuted(
    index: int, *, check: Check, reason: Reason, detail: str = "the check failed", counterexample: str | None = None
) -> Verdict:
    """A verdict whose last check refuted the sample."""
    before = tuple(
        CheckResult(check=each, status=Status.PASSED, detail="as expected", wall_s=wall_s(each, index))
        for each in list(Check)[: list(Check).index(check)]
    )
    last = CheckResult(
        check=check,
        status=Status.REFUTED,
        reason=reason,
        detail=detail,
        counterexample=counterexample,
        wall_s=wall_s(check, index),
    )
    return Verdict(task_id=f"compositional/{index}", accepted=False, reason=reason, checks=(*before, last))


def wall_s(check: Check, index: int) -> float:
    """A plausible duration that is the same in every run."""
    base = {Check.STATIC: 0.0006, Check.EXAMPLES: 0.004, Check.PROPERTIES: 0.12, Check.SYMBOLIC: 0.31}.get(check, 0.02)
    return base * (1 + index * 37 % 90 / 30)


def ordinary(index: int) -> Entry:
    """One of a run's usual samples: about nine in ten accepted."""
    fault = FAULTS[index // 10 % len(FAULTS)] if index % 10 == 3 else None
    candidate = completion(index, fault=fault)
    if index % 41 == 7:
        return candidate, Rejection(
            stage="novelty", reason=Reason.DUPLICATE, detail=f"same as compositional/{index - 7}"
        )
    if fault is None or index % 120 == 113:
        return candidate, accepted(index, assurance=list(Assurance)[index * 3 % 5])
    if index % 20 == 3:
        call = f"window_sums_{index}([0], 1)"
        detail = f"AssertionError: assert [] == [0]\n{call} returned []"
        return candidate, refuted(
            index, check=Check.EXAMPLES, reason=Reason.EXAMPLE_FAILED, detail=detail, counterexample=call
        )
    if index % 60 == 13:
        call = f"window_sums_{index}(xs=[0], step=1)"
        detail = "post: len(__return__) == max(0, len(xs) - step + 1) is false: it returned []"
        return candidate, refuted(
            index, check=Check.SYMBOLIC, reason=Reason.SYMBOLIC_REFUTED, detail=detail, counterexample=call
        )
    call = f"window_sums_{index}(xs=[0], step=1)"
    detail = "test_length: wrong length for 1\nassert 0 == 1"
    return candidate, refuted(
        index, check=Check.PROPERTIES, reason=Reason.PROPERTY_REFUTED, detail=detail, counterexample=call
    )


def write_run(directory: Path, entries: Iterable[Entry], *, finished: bool = True) -> Path:
    """A run folder with these samples; finished: with a manifest over all of them."""
    directory.mkdir(parents=True, exist_ok=True)
    with open_ledger(directory / FILE_NAME) as ledger:
        session = ledger.start_session()
        for candidate, outcome in entries:
            rejection = outcome if isinstance(outcome, Rejection) else None
            task_id = _task_id(candidate)
            ledger.add(candidate, task_id=task_id, digest=None, generated_s=0.001, rejection=rejection)
            if isinstance(outcome, Verdict):
                ledger.add_verdict(candidate.index, outcome, wall_s=sum(check.wall_s for check in outcome.checks))
        ledger.end_session(session, ended="done")
        if finished:
            below = ledger.next_index()
            funnel = funnel_of(ledger, below=below)
            options = {
                "n": funnel.accepted,
                "engine": "compositional",
                "seed": 7,
                "fault_rate": 0.1,
                "workers": 2,
                "level": "full",
            }
            manifest = manifest_of(
                ledger, funnel=funnel, shards=(), options=options, identity={}, facts={}, below=below
            )
            write_manifest(directory, manifest)
    return directory


def _task_id(candidate: Completion) -> str:
    try:
        return str(json.loads(candidate.text)["task_id"])
    except (ValueError, TypeError, KeyError):
        return task_id_of(candidate)
