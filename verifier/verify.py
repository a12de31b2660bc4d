"""Start here: one sample in, one verdict out.

The ladder, cheap rungs first: static (on the host), then examples, properties, differential and determinism in one
sandbox job, then symbolic in another. A rung that refutes ends the climb. A rung that does not apply leaves no result;
one that cannot tell is inconclusive, which neither refutes nor counts as passed.
"""

from dataclasses import dataclass
from typing import Literal

from sandbox.errors import JobFailed
from sandbox.job import Guest, Step, TestsJob
from sandbox.limits import Limits
from verifier.checks.determinism import plan_determinism
from verifier.checks.differential import plan_differential
from verifier.checks.evidence import LABELS, read_results, scrub
from verifier.checks.examples import plan_examples
from verifier.checks.properties import plan_contract, plan_properties
from verifier.checks.static import inspect_sample
from verifier.checks.symbolic import judge_symbolically
from verifier.plain_tests import is_plain
from verifier.problem import Sample
from verifier.sandboxes import Sandbox
from verifier.strategies import Underivable
from verifier.subject import Subject
from verifier.verdict import Assurance, Check, CheckResult, Reason, Status, Verdict

VERIFIER_VERSION = "1"

SOLUTION_GUEST, SECOND_GUEST, REFERENCE_GUEST = 0, 1, 2
CONCRETE_CHECKS = (Check.EXAMPLES, Check.PROPERTIES, Check.DIFFERENTIAL)
QUICK_MAX_EXAMPLES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """How far up the ladder to climb, and with what budget. Budgets are counts, so that a verdict repeats exactly.

    level: "full" takes every rung; "quick" only static, examples and determinism (and, for a sample without examples,
    its properties on a few inputs).
    """

    level: Literal["quick", "full"] = "full"
    seed: int = 0
    max_examples: int = 100
    max_shrinks: int = 200
    symbolic_max_paths: int = 10
    symbolic_solver_steps: int = 500_000
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The sandbox job's steps, and the rungs that apply but cannot be planned."""

    steps: tuple[Step, ...]
    undecided: tuple[CheckResult, ...]


def verify(sample: Sample, *, pool: Sandbox, options: VerifyOptions = VerifyOptions()) -> Verdict:
    """Judge one sample. Raises EngineUnavailable; a job that our machinery lost leaves the sample unjudged."""
    inspected = inspect_sample(sample)
    if isinstance(inspected, CheckResult):
        return _conclude(sample, (inspected,))
    static = CheckResult(check=Check.STATIC, status=Status.PASSED)
    plan = plan_steps(inspected, options)
    if not plan.steps:
        return _conclude(sample, (static, *plan.undecided))
    try:
        tested = _run_steps(inspected, plan, pool=pool, options=options)
        checks = (static, *tested, *plan.undecided)
        if options.level == "quick" or inspected.terms is None or _find_refuted(checks) is not None:
            return _conclude(sample, checks)
        finding = judge_symbolically(
            inspected,
            inspected.terms,
            pool=pool,
            max_paths=options.symbolic_max_paths,
            solver_steps=options.symbolic_solver_steps,
        )
    except JobFailed as error:
        return Verdict(
            task_id=sample.task_id,
            accepted=False,
            reason=Reason.SANDBOX_FAILED,
            checks=(static, _describe_loss(plan, error)),
        )
    return _conclude(sample, (*checks, finding.result), confirmed=finding.confirmed)


def plan_steps(subject: Subject, options: VerifyOptions) -> Plan:
    """The steps this sample and level call for, in the ladder's order; determinism last, once anything was called."""
    examples = plan_examples(subject)
    wanted: list[tuple[Check, Step | Underivable | None]] = [(Check.EXAMPLES, examples)]
    if options.level == "full" or examples is None:
        wanted.append((Check.PROPERTIES, plan_properties(subject)))
        wanted.append((Check.PROPERTIES, plan_contract(subject)))
        wanted.append((Check.DIFFERENTIAL, plan_differential(subject, reference_guest=REFERENCE_GUEST)))
    steps = [step for _, step in wanted if isinstance(step, Step)]
    undecided = tuple(
        CheckResult(check=check, status=Status.INCONCLUSIVE, detail=scrub(step.detail))
        for check, step in wanted
        if isinstance(step, Underivable)
    )
    if steps:
        steps.append(plan_determinism(second_guest=SECOND_GUEST))
    return Plan(steps=tuple(steps), undecided=undecided)


def _run_steps(subject: Subject, plan: Plan, *, pool: Sandbox, options: VerifyOptions) -> tuple[CheckResult, ...]:
    source = subject.sample.solution
    guests = [Guest(source=source, hash_seed=0), Guest(source=source, hash_seed=1)]
    has_reference = any(index == REFERENCE_GUEST for step in plan.steps for index, _ in step.bindings.values())
    if has_reference:
        guests.append(Guest(source=subject.sample.reference))
    generates = any(step.check not in ("examples", "determinism") for step in plan.steps)
    job = TestsJob(
        guests=tuple(guests),
        steps=plan.steps,
        entry_point=subject.sample.entry_point,
        uses_hypothesis=generates or subject.tests.uses_hypothesis,
        has_plain_tests=not generates and all(is_plain(step.source) for step in plan.steps if step.kind == "run"),
        seed=options.seed,
        max_examples=options.max_examples if options.level == "full" else min(options.max_examples, QUICK_MAX_EXAMPLES),
        max_shrinks=options.max_shrinks,
        limits=options.limits,
    )
    reference_guest = REFERENCE_GUEST if has_reference else None
    return read_results(pool.run_tests(job), plan.steps, reference_guest=reference_guest)


def _conclude(sample: Sample, checks: tuple[CheckResult, ...], *, confirmed: bool = False) -> Verdict:
    """Accepted if nothing refuted it and at least one concrete rung passed."""
    refuted = _find_refuted(checks)
    if refuted is not None:
        return Verdict(task_id=sample.task_id, accepted=False, reason=refuted.reason, checks=checks)
    if not any(result.check in CONCRETE_CHECKS and result.status is Status.PASSED for result in checks):
        return Verdict(task_id=sample.task_id, accepted=False, reason=Reason.NOTHING_TO_CHECK, checks=checks)
    return Verdict(
        task_id=sample.task_id, accepted=True, assurance=find_assurance(checks, confirmed=confirmed), checks=checks
    )


def find_assurance(checks: tuple[CheckResult, ...], *, confirmed: bool) -> Assurance:
    """The highest rung the sample stands on: rungs that do not apply are stepped over, an inconclusive one ends the climb.

    confirmed: CrossHair confirmed every path. That is a proof only together with a concrete run of the same contract.
    """
    reached = Assurance.TESTED
    symbolic = Assurance.PROVED if confirmed else Assurance.SYMBOLIC
    ladder = (
        (Check.PROPERTIES, Assurance.PROPERTY_TESTED),
        (Check.DIFFERENTIAL, Assurance.CROSS_CHECKED),
        (Check.SYMBOLIC, symbolic),
    )
    for check, assurance in ladder:
        statuses = {result.status for result in checks if result.check is check}
        if Status.PASSED in statuses:
            reached = assurance
        if statuses - {Status.PASSED}:
            break
    return reached


def _find_refuted(checks: tuple[CheckResult, ...]) -> CheckResult | None:
    return next((result for result in checks if result.status is Status.REFUTED), None)


def _describe_loss(plan: Plan, error: JobFailed) -> CheckResult:
    return CheckResult(
        check=LABELS[plan.steps[0].check],
        status=Status.INCONCLUSIVE,
        reason=Reason.SANDBOX_FAILED,
        detail=scrub(str(error)),
    )
