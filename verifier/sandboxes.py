"""What the verifier asks of a sandbox: two methods, so that a test may pass a double."""

from typing import Protocol

from sandbox.job import SymbolicJob, SymbolicResult, TestsJob, TestsResult


class Sandbox(Protocol):
    """Thread-safe. Both raise JobFailed when the machinery failed twice and EngineUnavailable when the engine is gone."""

    def run_tests(self, job: TestsJob) -> TestsResult:
        """Run test modules in a driver against guests."""
        ...

    def run_symbolic(self, job: SymbolicJob) -> SymbolicResult:
        """Run CrossHair on one contract."""
        ...
