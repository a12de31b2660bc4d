"""From what the sandbox reports to results of the ladder: tables, no judgement hidden in branches.

A step passes on positive proof only: a report is there, something was collected, all of it finished and passed, the
solution was called, and every guest was still alive at the end.
"""

import re

from sandbox.job import Failure, FailureKind, Step, StepReport, TestsResult
from sandbox.limits import Ended, Outcome
from verifier.checks import determinism, differential, examples, properties
from verifier.verdict import Check, CheckResult, Reason, Status

LABELS: dict[str, Check] = {
    examples.LABEL: Check.EXAMPLES,
    properties.LABEL: Check.PROPERTIES,
    properties.CONTRACT_LABEL: Check.PROPERTIES,
    differential.LABEL: Check.DIFFERENTIAL,
    determinism.LABEL: Check.DETERMINISM,
}

ENDED_REASONS: dict[Ended, Reason] = {
    Ended.ALIVE: Reason.PROTOCOL_BROKEN,  # called gone while it lives: it hung up on the driver
    Ended.EXITED: Reason.SOLUTION_EXITED,
    Ended.SIGNALLED: Reason.SOLUTION_CRASHED,
    Ended.CPU_LIMIT: Reason.CPU_LIMIT,
    Ended.WALL_LIMIT: Reason.WALL_LIMIT,
    Ended.MEMORY_LIMIT: Reason.MEMORY_LIMIT,
    Ended.OUTPUT_LIMIT: Reason.OUTPUT_LIMIT,
}

# What a failed comparison means depends on who made it.
ASSERTION_REASONS: dict[str, Reason] = {
    examples.LABEL: Reason.EXAMPLE_FAILED,
    properties.LABEL: Reason.PROPERTY_REFUTED,
    properties.CONTRACT_LABEL: Reason.CONTRACT_REFUTED,
    differential.LABEL: Reason.REFERENCE_DISAGREES,
    determinism.LABEL: Reason.NONDETERMINISTIC,
}

KIND_REASONS: dict[FailureKind, Reason] = {
    "raised": Reason.SOLUTION_RAISED,
    "load_raised": Reason.LOAD_FAILED,
    "nonplain_value": Reason.NONPLAIN_VALUE,
    "value_too_large": Reason.VALUE_TOO_LARGE,
    "protocol": Reason.PROTOCOL_BROKEN,
    "missing_name": Reason.ENTRY_POINT_MISSING,
    "unsatisfiable": Reason.VACUOUS_PRECONDITION,
    "test_broken": Reason.TESTS_MALFORMED,
    "no_tests": Reason.NOTHING_TO_CHECK,
    "not_called": Reason.SOLUTION_NOT_CALLED,
    "nondeterministic": Reason.NONDETERMINISTIC,
}

# A contract says which exceptions may come, so another one breaks it; and it is ours to render, so it is what is broken.
CONTRACT_REASONS: dict[FailureKind, Reason] = {
    "raised": Reason.CONTRACT_REFUTED,
    "test_broken": Reason.CONTRACT_MALFORMED,
}

# Failures that the process behind a call brings about itself; on the reference's side they are the reference's fault.
GUEST_KINDS: frozenset[FailureKind] = frozenset(
    {"raised", "load_raised", "guest_gone", "nonplain_value", "value_too_large", "protocol", "missing_name"}
)

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_PATH = re.compile(r"(?<![\w.])/(?:[\w.+-]+/)+([\w.+-]+)")
# How the driver appends the drawn input of a property that we wrote; the counterexample says it better.
_DRAWN_INPUT = " [with synthgen_drawn="
MAX_DETAIL_CHARS = 2_000


def read_results(
    result: TestsResult, steps: tuple[Step, ...], *, reference_guest: int | None
) -> tuple[CheckResult, ...]:
    """One result per step that was taken; the first that did not pass is the last."""
    if result.steps is None:
        return (_read_silence(result, steps[0]),)
    checks: list[CheckResult] = []
    for step, report in zip(steps, result.steps, strict=False):
        checks.append(_read_step(step, report, result, reference_guest=reference_guest))
        if checks[-1].status is not Status.PASSED:
            return tuple(checks)
    if len(checks) < len(steps):
        unproved = steps[len(checks)]
        checks.append(_refute(unproved.check, Reason.JUDGE_SILENT, "the judge gave no report of this step"))
        return tuple(checks)
    return (*checks[:-1], _require_living_guests(steps[-1], checks[-1], result, reference_guest=reference_guest))


def scrub(text: str) -> str:
    """Text without what differs from run to run or machine to machine: addresses and folders."""
    return _PATH.sub(r"\1", _ADDRESS.sub("0x…", text))[:MAX_DETAIL_CHARS]


def reason_of_end(outcome: Outcome) -> Reason:
    """Why a process that ended so is refused."""
    return ENDED_REASONS[outcome.ended]


def _read_step(step: Step, report: StepReport, result: TestsResult, *, reference_guest: int | None) -> CheckResult:
    if report.failure is not None:
        return _read_failure(step.check, report.failure, report, result, reference_guest=reference_guest)
    whole = report.collected == report.finished == report.passed
    if report.check != step.check or not whole or not report.collected or not report.calls:
        detail = (
            f"{report.collected} collected, {report.finished} finished, {report.passed} passed, {report.calls} calls"
        )
        return _refute(step.check, Reason.JUDGE_SILENT, f"no proof that every test passed: {detail}")
    return CheckResult(
        check=LABELS[step.check],
        status=Status.PASSED,
        detail=_describe_pass(step, report),
        wall_s=report.wall_s,
    )


def _describe_pass(step: Step, report: StepReport) -> str:
    if step.check == determinism.LABEL:
        return f"{_count(report.passed, 'call')} repeated, under two hash seeds"
    if report.properties:
        return f"{step.check}: {_count(report.passed, 'test')}, {_count(report.examples, 'generated input')}"
    return f"{step.check}: {_count(report.passed, 'test')}, {_count(report.calls, 'call')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _read_failure(
    label: str, failure: Failure, report: StepReport, result: TestsResult, *, reference_guest: int | None
) -> CheckResult:
    is_reference = failure.guest == reference_guest and failure.kind in GUEST_KINDS
    reason = _reason_of_failure(label, failure, result)
    message = failure.message.split(_DRAWN_INPUT)[0]
    described = f"{failure.test}: {message}" if failure.test else message
    if failure.kind == "guest_gone" and failure.guest < len(result.guests):
        described = f"{described} ({describe_end(result.guests[failure.guest])})"
    if failure.outcome is not None:
        described = f"{described}; the call {failure.outcome}"
    return CheckResult(
        check=LABELS[label],
        status=Status.REFUTED,
        reason=Reason.REFERENCE_BROKEN if is_reference else reason,
        detail=scrub(f"the reference failed: {described}" if is_reference else described),
        counterexample=None if failure.call is None else scrub(failure.call),
        wall_s=report.wall_s,
    )


def _reason_of_failure(label: str, failure: Failure, result: TestsResult) -> Reason:
    if failure.kind == "assertion":
        return ASSERTION_REASONS[label]
    if failure.kind == "guest_gone":
        known = failure.guest < len(result.guests)
        return reason_of_end(result.guests[failure.guest]) if known else Reason.PROTOCOL_BROKEN
    if label == properties.CONTRACT_LABEL and failure.kind in CONTRACT_REASONS:
        return CONTRACT_REASONS[failure.kind]
    return KIND_REASONS[failure.kind]


def describe_end(outcome: Outcome) -> str:
    """How a process ended, in words."""
    match outcome.ended:
        case Ended.EXITED:
            return f"the process exited with code {outcome.code}"
        case Ended.SIGNALLED:
            return f"the process was killed by signal {abs(outcome.code)}"
        case Ended.ALIVE:
            return "the process lives but hung up"
        case _:
            return f"the process reached its {outcome.ended.value.replace('_', ' ')}"


def _read_silence(result: TestsResult, first: Step) -> CheckResult:
    """No report: blame what the kernel says of a guest or of the judge, else only the silence itself."""
    limits = {Ended.CPU_LIMIT, Ended.WALL_LIMIT, Ended.MEMORY_LIMIT, Ended.OUTPUT_LIMIT}
    for index, guest in enumerate(result.guests):
        if guest.ended in limits:
            return _refute(first.check, reason_of_end(guest), f"no report; guest {index}: {describe_end(guest)}")
    if result.driver.ended in limits:
        return _refute(
            first.check, reason_of_end(result.driver), f"no report; the judge: {describe_end(result.driver)}"
        )
    return _refute(first.check, Reason.JUDGE_SILENT, f"no report; the judge: {describe_end(result.driver)}")


def _require_living_guests(
    last: Step, passed: CheckResult, result: TestsResult, *, reference_guest: int | None
) -> CheckResult:
    """A guest that ended after its last answer fails the last step: an honest solution waits for the next call."""
    for index, guest in enumerate(result.guests):
        if guest.ended is not Ended.ALIVE:
            reason = Reason.REFERENCE_BROKEN if index == reference_guest else reason_of_end(guest)
            detail = f"after its last answer, guest {index}: {describe_end(guest)}"
            return _refute(last.check, reason, detail, wall_s=passed.wall_s)
    return passed


def _refute(label: str, reason: Reason, detail: str, *, wall_s: float = 0.0) -> CheckResult:
    return CheckResult(check=LABELS[label], status=Status.REFUTED, reason=reason, detail=scrub(detail), wall_s=wall_s)
