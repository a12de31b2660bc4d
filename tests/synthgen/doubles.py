"""Small stand-ins that the tests of the produce loop pass in: an engine, judges, and a run with both.

Run as a program it is one `produce` in a process of its own, to be killed: `python -m tests.synthgen.doubles OUT N`.
"""

import json
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthgen.completion import Completion, Engine
from synthgen.dataset.publish import Published
from synthgen.options import ProduceOptions, identity
from synthgen.produce import Observe, produce
from synthgen.workers import Judge
from verifier.problem import Sample
from verifier.verdict import Assurance, Check, CheckResult, Reason, Status, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallEngine:
    """Every seventh text is no JSON, every eleventh solution repeats an earlier one, every fifth fails its test."""

    name: str = "small"
    version: str = "1"

    def complete(self, index: int) -> Completion:
        """The completion at an index."""
        number = index - 2 if index % 11 == 10 else index
        steps = ["-" if bit == "1" else "+" for bit in f"{number:b}"]
        expected = 5 + steps.count("+") - steps.count("-") + (index % 5 == 2)
        row = {
            "task_id": f"small/{index}",
            "prompt": f"add {number}",
            "entry_point": "add",
            # operators, not constants, tell solutions apart: novelty does not look at constants
            "solution": "def add(n: int) -> int:\n    return n" + "".join(f" {step} 1" for step in steps),
            "tests": f"def test_add():\n    assert add(5) == {expected}",
            "contracts": {"pre": ["n >= 0"], "post": [], "raises": []},
        }
        text = json.dumps(row) if index % 7 != 3 else f"Here is the function you asked for ({index}):"
        return Completion(
            index=index,
            text=text,
            topic="sums",
            difficulty=1 + index % 5,
            style="plain",
            engine=self.name,
            engine_version=self.version,
            fault="off_by_one" if index % 5 == 2 else None,
        )


def index_of(sample: Sample) -> int:
    """The index that the engine gave a sample."""
    return int(sample.task_id.rpartition("/")[2])


def verdict_on(sample: Sample) -> Verdict:
    """Refuses what carries the fault of `SmallEngine`, and one index in thirteen besides."""
    index = index_of(sample)
    if index % 5 == 2 or index % 13 == 6:
        check = CheckResult(
            check=Check.EXAMPLES,
            status=Status.REFUTED,
            reason=Reason.EXAMPLE_FAILED,
            detail=f"add(0) gave {index + 1}",
            counterexample="add(n=0)",
            wall_s=time.monotonic(),  # differs from run to run, as a real one does
        )
        return Verdict(task_id=sample.task_id, accepted=False, reason=Reason.EXAMPLE_FAILED, checks=(check,))
    check = CheckResult(check=Check.EXAMPLES, status=Status.PASSED, wall_s=time.monotonic())
    assurance = Assurance.TESTED if index % 2 else Assurance.PROPERTY_TESTED
    return Verdict(task_id=sample.task_id, accepted=True, assurance=assurance, checks=(check,))


def unjudged(sample: Sample) -> Verdict:
    """The verdict of a verifier whose sandbox failed."""
    check = CheckResult(
        check=Check.EXAMPLES,
        status=Status.INCONCLUSIVE,
        reason=Reason.SANDBOX_FAILED,
        detail="both containers were lost",
    )
    return Verdict(task_id=sample.task_id, accepted=False, reason=Reason.SANDBOX_FAILED, checks=(check,))


def run_small(
    out: Path,
    n: int,
    *,
    judge: Judge = verdict_on,
    engine: Engine | None = None,
    workers: int = 3,
    shard_rows: int = 20,
    max_candidates: int = 10_000,
    stop: threading.Event | None = None,
    observe: Observe = lambda progress: None,
    **others: Any,
) -> Published:
    """One `produce` with the small engine and a plain function as its judge."""
    options = ProduceOptions(
        n=n,
        out=out,
        engine="small",
        workers=workers,
        shard_rows=shard_rows,
        max_candidates=max_candidates,
        **others,
    )
    chosen: Engine = engine or SmallEngine()
    return produce(
        options,
        engine=chosen,
        open_judge=lambda: nullcontext(judge),
        identity=identity(options, engine=chosen, verifier_version="v1"),
        stop=stop,
        observe=observe,
    )


def shard_bytes(out: Path) -> dict[str, bytes]:
    """Every file under accepted/ and rejected/, by its path from the folder."""
    files = [path for kind in ("accepted", "rejected") for path in (out / kind).iterdir()]
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(files)}


def _slow_verdict_on(sample: Sample) -> Verdict:
    time.sleep(0.004 * (index_of(sample) % 4))
    return verdict_on(sample)


if __name__ == "__main__":
    run_small(Path(sys.argv[1]), int(sys.argv[2]), judge=_slow_verdict_on)
