"""What the verifier says of a sample: graded results, one reason, the rung it stands on."""

from enum import Enum

from pydantic import BaseModel, ConfigDict


class Check(str, Enum):
    """The rungs, cheapest first; the order is the ladder's."""

    STATIC = "static"
    EXAMPLES = "examples"
    PROPERTIES = "properties"
    DIFFERENTIAL = "differential"
    DETERMINISM = "determinism"
    SYMBOLIC = "symbolic"


class Status(str, Enum):
    """Inconclusive never counts as passed; a check that does not apply leaves no result."""

    PASSED = "passed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


class Assurance(str, Enum):
    """The highest rung a sample stands on, weakest first."""

    TESTED = "tested"
    PROPERTY_TESTED = "property_tested"
    CROSS_CHECKED = "cross_checked"
    SYMBOLIC = "symbolic"
    PROVED = "proved"


class Reason(str, Enum):
    """Why a sample was refused. Closed: docs/reasons.md lists exactly these."""

    # the row or completion never became a sample
    MALFORMED = "malformed"
    UNPARSABLE = "unparsable"
    # novelty
    DUPLICATE = "duplicate"
    # static
    SYNTAX_ERROR = "syntax_error"
    SOURCE_TOO_LARGE = "source_too_large"
    ENCODING_REFUSED = "encoding_refused"
    ENTRY_POINT_MISSING = "entry_point_missing"
    FORBIDDEN_IN_TESTS = "forbidden_in_tests"
    CONTRACT_MALFORMED = "contract_malformed"
    TESTS_MALFORMED = "tests_malformed"
    NOTHING_TO_CHECK = "nothing_to_check"
    # what the running solution did
    LOAD_FAILED = "load_failed"
    EXAMPLE_FAILED = "example_failed"
    PROPERTY_REFUTED = "property_refuted"
    CONTRACT_REFUTED = "contract_refuted"
    VACUOUS_PRECONDITION = "vacuous_precondition"
    SOLUTION_RAISED = "solution_raised"
    SOLUTION_NOT_CALLED = "solution_not_called"
    NONPLAIN_VALUE = "nonplain_value"
    VALUE_TOO_LARGE = "value_too_large"
    PROTOCOL_BROKEN = "protocol_broken"
    REFERENCE_DISAGREES = "reference_disagrees"
    REFERENCE_BROKEN = "reference_broken"
    NONDETERMINISTIC = "nondeterministic"
    SYMBOLIC_REFUTED = "symbolic_refuted"
    # how its process ended
    SOLUTION_EXITED = "solution_exited"
    SOLUTION_CRASHED = "solution_crashed"
    CPU_LIMIT = "cpu_limit"
    WALL_LIMIT = "wall_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    JUDGE_SILENT = "judge_silent"
    # ours: the sample stays unjudged
    SANDBOX_FAILED = "sandbox_failed"


class CheckResult(BaseModel):
    """One rung's result. counterexample is the smallest failing call found, as Python source."""

    model_config = ConfigDict(frozen=True)

    check: Check
    status: Status
    reason: Reason | None = None
    detail: str = ""
    counterexample: str | None = None
    wall_s: float = 0.0


class Verdict(BaseModel):
    """The list of results and what follows from it. unjudged is true when our machinery failed, and then accepted is false."""

    model_config = ConfigDict(frozen=True)

    task_id: str
    accepted: bool
    assurance: Assurance | None = None
    reason: Reason | None = None
    checks: tuple[CheckResult, ...] = ()

    @property
    def unjudged(self) -> bool:
        """Whether the sample still waits for a judgement because our machinery failed."""
        return self.reason is Reason.SANDBOX_FAILED
