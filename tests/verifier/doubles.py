"""A sandbox double that answers with prepared results and remembers the jobs, and short ways to write those results."""

from dataclasses import dataclass, field

from sandbox.errors import SandboxError
from sandbox.job import Failure, StepReport, SymbolicJob, SymbolicResult, TestsJob, TestsResult
from sandbox.limits import Ended, Outcome

ALIVE = Outcome(ended=Ended.ALIVE)
DRIVER_DONE = Outcome(ended=Ended.EXITED, code=0)


@dataclass
class ScriptedSandbox:
    """Every tests job passes, unless failures names a step or an error is to be raised."""

    failures: dict[str, Failure] = field(default_factory=dict)
    guests: tuple[Outcome, ...] | None = None
    is_silent: bool = False
    driver: Outcome = DRIVER_DONE
    symbolic: SymbolicResult | None = None
    error: SandboxError | None = None
    symbolic_error: SandboxError | None = None
    jobs: list[TestsJob] = field(default_factory=list)
    symbolic_jobs: list[SymbolicJob] = field(default_factory=list)

    def run_tests(self, job: TestsJob) -> TestsResult:
        """Report each step as passed up to the first that is scripted to fail."""
        self.jobs.append(job)
        if self.error is not None:
            raise self.error
        reports: list[StepReport] = []
        for step in job.steps:
            reports.append(report(step.check, failure=self.failures.get(step.check)))
            if reports[-1].failure is not None:
                break
        guests = self.guests or tuple(ALIVE for _ in job.guests)
        return TestsResult(
            steps=None if self.is_silent else tuple(reports), driver=self.driver, guests=guests, wall_s=0.01
        )

    def run_symbolic(self, job: SymbolicJob) -> SymbolicResult:
        """Give the scripted claim."""
        self.symbolic_jobs.append(job)
        if self.symbolic_error is not None:
            raise self.symbolic_error
        return self.symbolic or claim("no_counterexample")


def report(check: str, *, failure: Failure | None = None, collected: int = 1, calls: int = 1) -> StepReport:
    """One step's report, all passed unless it has a failure."""
    passed = collected if failure is None else collected - 1
    return StepReport(
        check=check,
        collected=collected,
        finished=passed,
        passed=passed,
        properties=0,
        calls=calls,
        examples=0,
        wall_s=0.01,
        failure=failure,
    )


def claim(status: str, *, arguments: dict[str, str] | None = None) -> SymbolicResult:
    """What CrossHair's process says."""
    return SymbolicResult(
        status=status,  # type: ignore[arg-type]
        message="as it says",
        arguments=arguments,
        paths=3,
        process=DRIVER_DONE,
        wall_s=0.1,
    )
