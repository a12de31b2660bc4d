"""Small jobs for the tests of the pool: one solution `f`, one test module, short limits."""

import dataclasses

from sandbox.job import Failure, Guest, Step, StepReport, TestsJob, TestsResult
from sandbox.limits import Ended, Limits
from sandbox.pool import Pool

SHORT = Limits(cpu_s=1, driver_cpu_s=20, wall_s=30.0)


def job(
    solution: str,
    tests: str,
    *,
    uses_hypothesis: bool = False,
    has_plain_tests: bool = False,
    replays: bool = False,
    limits: Limits = SHORT,
    seed: int = 0,
) -> TestsJob:
    """A job whose guest 0 is the solution; with `replays`, guest 1 is the same under the other hash seed."""
    steps = [Step(check="examples", source=tests, bindings={"f": (0, "f")})]
    guests = [Guest(source=solution)]
    if replays:
        guests.append(Guest(source=solution, hash_seed=1))
        steps.append(Step(check="determinism", kind="replay", replay_on=1))
    return TestsJob(
        guests=tuple(guests),
        steps=tuple(steps),
        entry_point="f",
        uses_hypothesis=uses_hypothesis,
        has_plain_tests=has_plain_tests,
        seed=seed,
        max_examples=50,
        limits=limits,
    )


def passes(result: TestsResult) -> bool:
    """Whether the judge vouches for every step, and every process was alive at the end."""
    return (
        result.steps is not None
        and all(step.failure is None and 0 < step.collected == step.passed for step in result.steps)
        and all(outcome.ended is Ended.ALIVE for outcome in (result.driver, *result.guests))
    )


def failure_of(result: TestsResult) -> Failure:
    """The failure that ended the job."""
    assert result.steps is not None, f"the judge was silent: {result.driver}"
    failure = result.steps[-1].failure
    assert failure is not None, f"the job passed: {result.steps}"
    return failure


def run_to_failure(pool: Pool, solution: str, tests: str = "assert f(1) == 1", *, limits: Limits = SHORT) -> Failure:
    """The failure of a job that must fail."""
    return failure_of(pool.run_tests(job(solution, tests, limits=limits)))


def without_times(result: TestsResult) -> tuple[tuple[StepReport, ...] | None, list[tuple[Ended, int]], str]:
    """All of a result that must not differ from run to run."""
    steps = result.steps and tuple(dataclasses.replace(step, wall_s=0.0) for step in result.steps)
    return steps, [(outcome.ended, outcome.code) for outcome in (result.driver, *result.guests)], result.output_head
