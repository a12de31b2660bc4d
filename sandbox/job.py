"""What goes into the sandbox and what comes out: plain values, JSON on the way.

A `TestsJob` runs test modules in a driver against one or more guests; a `SymbolicJob` runs CrossHair on one source
in an untrusted process of its own, so what it reports is a claim to be replayed, never a verdict.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from sandbox.limits import Limits, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One untrusted source in a process of its own. hash_seed picks the zygote: 0 or 1."""

    source: str
    hash_seed: Literal[0, 1] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check the driver makes.

    check: the label its results come back under.
    source: the test module. Names in `bindings` are set before it runs.
    bindings: name in the test module -> (guest index, name in the guest). A missing guest name fails the step as
        `missing_name` once it is used. Guest names that the module uses freely but neither defines nor binds resolve
        to proxies of guest 0.
    kind: "run" executes the module, then its `test*` functions and Hypothesis properties; "replay" re-sends the calls
        recorded so far on guest 0 to guest `replay_on` and again to guest 0, and compares the results.
    """

    check: str
    kind: Literal["run", "replay"] = "run"
    source: str = ""
    bindings: dict[str, tuple[int, str]] = field(default_factory=dict)
    replay_on: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsJob:
    """Steps are taken in order; the first that fails ends the job. max_examples and max_shrinks are counts, not times.

    has_plain_tests: the caller vouches that the test modules can leave nothing behind in the process that runs them (no
    Hypothesis, nothing but plain expressions over plain values); such jobs may share one driver, while each guest is a
    process of its own as ever. A driver whose job did not pass is never used again.
    """

    __test__: ClassVar[bool] = False  # not a test, whatever pytest makes of the name

    guests: tuple[Guest, ...]
    steps: tuple[Step, ...]
    entry_point: str
    uses_hypothesis: bool
    has_plain_tests: bool = False
    seed: int = 0
    max_examples: int = 100
    max_shrinks: int = 200
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolicJob:
    """CrossHair on the PEP 316 contract of `function` in `source`, bounded by paths and by the solver's step count."""

    source: str
    function: str
    max_paths: int = 30
    solver_steps: int = 2_000_000
    limits: Limits = Limits(cpu_s=20, wall_s=60.0)


FailureKind = Literal[
    "assertion",  # the test's own assert (or any exception born in the test) on values the guest returned
    "raised",  # the guest's exception reached the test's top
    "load_raised",  # the guest's source raised while it was loaded
    "guest_gone",  # the guest ended; its Outcome says how
    "nonplain_value",  # a value outside the closed set of plain built-in types
    "value_too_large",  # depth, nodes or bytes over the wire's bounds
    "protocol",  # bytes that are no message
    "missing_name",  # a name the tests need that the guest does not define
    "unsatisfiable",  # Hypothesis found no input that satisfies the property's assumptions
    "test_broken",  # the test module itself cannot run: syntax, imports, an error before any call
    "no_tests",  # nothing in the module checks anything
    "not_called",  # the tests passed without one call into the solution
    "nondeterministic",  # a replayed call gave another result
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a test failed. call is the last call into a guest, rendered `f(xs=[0, 0])`; outcome what it gave."""

    kind: FailureKind
    message: str
    test: str = ""
    call: str | None = None
    outcome: str | None = None
    guest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What one step found. passed and finished count tests; calls counts calls into guests; examples counts property inputs."""

    check: str
    collected: int
    finished: int
    passed: int
    properties: int
    calls: int
    examples: int
    wall_s: float
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsResult:
    """steps is None when the driver stayed silent: a refutation, never a pass. Outcomes come from the kernel."""

    __test__: ClassVar[bool] = False

    steps: tuple[StepReport, ...] | None
    driver: Outcome
    guests: tuple[Outcome, ...]
    wall_s: float
    output_head: str = ""


SymbolicStatus = Literal[
    "confirmed", "no_counterexample", "refuted", "precondition_unsatisfiable", "unsupported", "budget"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolicResult:
    """CrossHair's graded outcome, kept apart. arguments are Python expressions, by parameter, for concrete replay."""

    status: SymbolicStatus
    message: str
    arguments: dict[str, str] | None
    paths: int
    process: Outcome
    wall_s: float
