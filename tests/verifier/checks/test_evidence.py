"""From the sandbox's report to results: nothing passes without positive proof."""

from typing import get_args

import pytest

from sandbox.job import Failure, FailureKind, Step, StepReport, TestsResult
from sandbox.limits import Ended, Outcome
from tests.verifier.doubles import ALIVE, DRIVER_DONE, report
from verifier.checks.evidence import ASSERTION_REASONS, ENDED_REASONS, KIND_REASONS, LABELS, read_results, scrub
from verifier.verdict import CheckResult, Reason, Status

STEPS = (Step(check="examples"), Step(check="determinism", kind="replay", replay_on=1))


def read(
    *reports: StepReport,
    guests: tuple[Outcome, ...] = (ALIVE, ALIVE, ALIVE),
    steps: tuple[Step, ...] = STEPS,
    driver: Outcome = DRIVER_DONE,
    is_silent: bool = False,
) -> tuple[CheckResult, ...]:
    result = TestsResult(steps=None if is_silent else reports, driver=driver, guests=guests, wall_s=0.1)
    return read_results(result, steps, reference_guest=2)


def fail(
    kind: FailureKind, *, guest: int = 0, label: str = "examples", guests: tuple[Outcome, ...] = (ALIVE,) * 3
) -> CheckResult:
    failure = Failure(
        kind=kind, message="it went wrong", test="test_f", call="f(n=1)", outcome="returned 2", guest=guest
    )
    (result,) = read(report(label, failure=failure), steps=(Step(check=label),), guests=guests)
    return result


def test_every_kind_of_failure_and_every_end_has_a_reason() -> None:
    """The tables are total, so nothing the sandbox says can fall through."""
    assert set(KIND_REASONS) | {"assertion", "guest_gone"} == set(get_args(FailureKind))
    assert set(ENDED_REASONS) == set(Ended)
    assert set(ASSERTION_REASONS) == set(LABELS)


def test_whole_reports_of_living_guests_pass() -> None:
    """Everything collected has finished and passed, the solution was called, nobody died."""
    results = read(report("examples"), report("determinism"))
    assert [result.status for result in results] == [Status.PASSED, Status.PASSED]


@pytest.mark.parametrize(
    "bad",
    [
        StepReport(check="examples", collected=2, finished=1, passed=1, properties=0, calls=1, examples=0, wall_s=0.0),
        StepReport(check="examples", collected=2, finished=2, passed=1, properties=0, calls=1, examples=0, wall_s=0.0),
        StepReport(check="examples", collected=0, finished=0, passed=0, properties=0, calls=1, examples=0, wall_s=0.0),
        StepReport(check="examples", collected=1, finished=1, passed=1, properties=0, calls=0, examples=0, wall_s=0.0),
        StepReport(check="other", collected=1, finished=1, passed=1, properties=0, calls=1, examples=0, wall_s=0.0),
    ],
)
def test_a_report_that_proves_less_than_everything_does_not_pass(bad: StepReport) -> None:
    """Unfinished, failed, absent or uncalled tests are refuted although no failure is named."""
    (result,) = read(bad)
    assert (result.status, result.reason) == (Status.REFUTED, Reason.JUDGE_SILENT)


def test_a_missing_step_is_refuted() -> None:
    """A report that stops early without a failure proves nothing of the rest."""
    results = read(report("examples"))
    assert [(r.check.value, r.reason) for r in results] == [("examples", None), ("determinism", Reason.JUDGE_SILENT)]


@pytest.mark.parametrize(
    ("guests", "driver", "reason"),
    [
        ((ALIVE,), Outcome(ended=Ended.EXITED), Reason.JUDGE_SILENT),
        ((ALIVE,), Outcome(ended=Ended.SIGNALLED, code=9), Reason.JUDGE_SILENT),
        ((ALIVE,), Outcome(ended=Ended.WALL_LIMIT), Reason.WALL_LIMIT),
        ((Outcome(ended=Ended.CPU_LIMIT),), Outcome(ended=Ended.WALL_LIMIT), Reason.CPU_LIMIT),
        ((Outcome(ended=Ended.MEMORY_LIMIT),), Outcome(ended=Ended.SIGNALLED, code=9), Reason.MEMORY_LIMIT),
        ((Outcome(ended=Ended.OUTPUT_LIMIT),), Outcome(ended=Ended.EXITED), Reason.OUTPUT_LIMIT),
    ],
)
def test_silence_is_refuted_and_explained_by_the_kernel_where_it_can_be(
    guests: tuple[Outcome, ...], driver: Outcome, reason: Reason
) -> None:
    """No report never passes; a limit that was crossed says why."""
    (result,) = read(is_silent=True, guests=guests, driver=driver)
    assert (result.status, result.reason) == (Status.REFUTED, reason)


def test_a_guest_that_ends_after_its_last_answer_is_refuted() -> None:
    """Right answers followed by an exit are not a pass."""
    results = read(report("examples"), report("determinism"), guests=(ALIVE, Outcome(ended=Ended.EXITED, code=0)))
    assert results[-1].reason is Reason.SOLUTION_EXITED
    assert results[-1].detail == "after its last answer, guest 1: the process exited with code 0"


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("examples", Reason.EXAMPLE_FAILED),
        ("properties", Reason.PROPERTY_REFUTED),
        ("contract", Reason.CONTRACT_REFUTED),
        ("differential", Reason.REFERENCE_DISAGREES),
    ],
)
def test_a_failed_comparison_is_named_by_the_step_that_made_it(label: str, reason: Reason) -> None:
    """The counterexample is the failing call, the detail what it gave."""
    result = fail("assertion", label=label)
    assert result.reason is reason
    assert result.counterexample == "f(n=1)"
    assert result.detail == "test_f: it went wrong; the call returned 2"


@pytest.mark.parametrize(("ended", "reason"), list(ENDED_REASONS.items()))
def test_a_guest_that_is_gone_is_named_by_how_it_ended(ended: Ended, reason: Reason) -> None:
    """The kernel's account decides, not what the program printed."""
    assert fail("guest_gone", guests=(Outcome(ended=ended), ALIVE, ALIVE)).reason is reason


@pytest.mark.parametrize("kind", ["raised", "load_raised", "guest_gone", "nonplain_value", "missing_name", "protocol"])
def test_what_the_reference_does_wrong_is_the_references_fault(kind: FailureKind) -> None:
    """The solution is not blamed for its yardstick."""
    result = fail(kind, guest=2, label="differential")
    assert result.reason is Reason.REFERENCE_BROKEN
    assert result.detail.startswith("the reference failed: ")


def test_a_contract_that_cannot_run_is_a_malformed_contract() -> None:
    """The same failure in the sample's own tests is a fault of the tests."""
    assert fail("test_broken", label="contract").reason is Reason.CONTRACT_MALFORMED
    assert fail("test_broken", label="examples").reason is Reason.TESTS_MALFORMED


def test_an_exception_breaks_a_contract_that_does_not_list_it() -> None:
    """In the sample's own tests the same exception is simply one that the test did not expect."""
    assert fail("raised", label="contract").reason is Reason.CONTRACT_REFUTED
    assert fail("raised", label="properties").reason is Reason.SOLUTION_RAISED


def test_details_hold_nothing_that_differs_between_runs() -> None:
    """Addresses and folders go; file names, divisions and fractions stay."""
    text = "<A object at 0x7f3a9c1d> in /tmp/job.1/tests.py: 1/2 and a/b"
    assert scrub(text) == "<A object at 0x…> in tests.py: 1/2 and a/b"
