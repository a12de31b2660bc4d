"""The symbolic rung: CrossHair on the contract, within a budget of paths, its graded outcome kept.

The solution shares CrossHair's process, so nothing said there is taken at its word: a counterexample counts only after
it failed again in the driver, and "confirmed" only for a source whose syntax cannot reach the interpreter.
"""

from dataclasses import dataclass

from sandbox.job import Guest, Step, SymbolicJob, SymbolicResult, TestsJob
from sandbox.limits import Ended
from verifier.checks.evidence import scrub
from verifier.contracts import CONTRACT_FUNCTION, SOLUTION_NAME, Malformed, Terms, render_replay_test, render_symbolic
from verifier.eligibility import explain_ineligible
from verifier.sandboxes import Sandbox
from verifier.strategies import Underivable
from verifier.subject import Subject
from verifier.verdict import Check, CheckResult, Reason, Status

LABEL = "symbolic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The rung's result, and whether every path was confirmed."""

    result: CheckResult
    confirmed: bool = False


def judge_symbolically(subject: Subject, terms: Terms, *, pool: Sandbox, max_paths: int, solver_steps: int) -> Finding:
    """Ask CrossHair about the contract. Raises JobFailed, EngineUnavailable."""
    barred = explain_ineligible(subject.solution)
    if barred is not None:
        return _inconclusive(f"not eligible: {barred}")
    source = render_symbolic(terms, subject.sample.solution, subject.signature)
    if isinstance(source, Underivable):
        return _inconclusive(source.detail)
    claim = pool.run_symbolic(
        SymbolicJob(source=source, function=CONTRACT_FUNCTION, max_paths=max_paths, solver_steps=solver_steps)
    )
    match claim.status:
        case "confirmed":
            detail = f"confirmed over all {claim.paths} paths"
            return Finding(result=_pass(detail, claim), confirmed=True)
        case "no_counterexample":
            return Finding(result=_pass(f"no counterexample on {claim.paths} paths", claim))
        case "refuted":
            return _replay(subject, terms, claim, pool=pool)
        case _:
            return _inconclusive(f"{claim.status}: {claim.message}", wall_s=claim.wall_s)


def _replay(subject: Subject, terms: Terms, claim: SymbolicResult, *, pool: Sandbox) -> Finding:
    """Make the claimed failing call for real; only if the contract fails there is the solution refuted."""
    if claim.arguments is None:
        return _inconclusive(f"a counterexample without arguments: {claim.message}", wall_s=claim.wall_s)
    source = render_replay_test(terms, claim.arguments, keywords=subject.passes_by_name)
    if isinstance(source, Malformed):
        return _inconclusive(f"a counterexample that cannot be replayed: {source.detail}", wall_s=claim.wall_s)
    name = subject.sample.entry_point
    job = TestsJob(
        guests=(Guest(source=subject.sample.solution),),
        steps=(Step(check=LABEL, source=source, bindings={SOLUTION_NAME: (0, name)}),),
        entry_point=name,
        uses_hypothesis=False,
    )
    replayed = pool.run_tests(job)
    wall_s = claim.wall_s + replayed.wall_s
    failure = replayed.steps[-1].failure if replayed.steps else None
    if failure is None or failure.kind not in ("assertion", "raised", "guest_gone"):
        return _inconclusive(f"CrossHair's counterexample does not fail when replayed: {claim.message}", wall_s=wall_s)
    if failure.kind == "guest_gone" and replayed.guests[0].ended not in (Ended.EXITED, Ended.SIGNALLED):
        ended = replayed.guests[0].ended.value
        return _inconclusive(f"CrossHair's counterexample ends by {ended} when replayed", wall_s=wall_s)
    given = ", ".join(f"{parameter}={text}" for parameter, text in claim.arguments.items())
    return Finding(
        result=CheckResult(
            check=Check.SYMBOLIC,
            status=Status.REFUTED,
            reason=Reason.SYMBOLIC_REFUTED,
            detail=scrub(f"{failure.message}; the call {failure.outcome}" if failure.outcome else failure.message),
            counterexample=scrub(failure.call or f"{name}({given})"),
            wall_s=wall_s,
        )
    )


def _pass(detail: str, claim: SymbolicResult) -> CheckResult:
    return CheckResult(check=Check.SYMBOLIC, status=Status.PASSED, detail=detail, wall_s=claim.wall_s)


def _inconclusive(detail: str, *, wall_s: float = 0.0) -> Finding:
    return Finding(
        result=CheckResult(check=Check.SYMBOLIC, status=Status.INCONCLUSIVE, detail=scrub(detail), wall_s=wall_s)
    )
