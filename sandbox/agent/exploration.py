"""One CrossHair exploration whose end is decided by counts, never by a clock, an address or a hash seed.

CrossHair alone bounds its work by CPU time, and a few of its decisions depend on memory addresses. Both would make a
result depend on the load of the machine, so a resumed run could differ from an uninterrupted one. This module puts
counters in their place by handing `crosshair.core` its own search space, tracing module and counterexample printer:

    paths       AnalysisOptions.max_iterations
    solver      Z3's `rlimit` for each check, and the sum over the whole exploration
    decisions   branches taken on one path (CrossHair asks `check_timeout` exactly where a path may end)
    steps       calls and backward jumps, on one path and over the whole exploration

It also keeps how every path ended, because CrossHair's own summary calls an exploration confirmed although a path of
it was ignored. It does not load sources and does not phrase results: see symbolic.py. Importing it loads CrossHair
and Z3, about 0.35 s of CPU, so only the process that needs them should.
"""

import contextlib
import dis
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from inspect import BoundArguments, Parameter, Signature
from typing import Any

import crosshair.core_and_libs  # noqa: F401  (registers CrossHair's models of the standard library)
import z3
from crosshair import core, pathing_oracle, type_repo
from crosshair.condition_parser import Conditions, condition_parser
from crosshair.options import DEFAULT_OPTIONS, AnalysisKind, AnalysisOptions
from crosshair.statespace import CallAnalysis, RootNode, StateSpace, VerificationStatus, context_statespace
from crosshair.tracers import COMPOSITE_TRACER, NoTracing, TracingModule
from crosshair.util import ControlFlowException, NotDeterministic, PathTimeout

# A TypeError may be CrossHair's own (a symbolic value handed to C code), and so may the other two. A contract or a
# program that expects or catches one of them can hide a path that went wrong, so it is never called confirmed.
MASKED_BY_HANDLERS: tuple[type[Exception], ...] = (TypeError, NotDeterministic, z3.Z3Exception)

_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one exploration may use. Every bound is a count, so the same program meets it at the same point everywhere.

    solver_steps: Z3 resource units over the exploration; path_solver_steps: on one path; check_steps: for one check.
    steps: calls and backward jumps over the exploration; path_steps: on one path. path_decisions: branches on one path.
    """

    max_paths: int
    solver_steps: int
    path_solver_steps: int
    check_steps: int
    steps: int = 300_000
    path_steps: int = 100_000
    path_decisions: int = 500


class PathEnd(Enum):
    """How one path ended."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    PRECONDITION_FAILED = "precondition_failed"
    CUT_OFF = "cut_off"  # a bound was met, Z3 did not know, or CrossHair has no model for an operation
    IGNORED = "ignored"  # CrossHair dropped the path without a judgement


@dataclass(slots=True, kw_only=True)
class Meter:
    """The counters of one exploration; the only thing here that changes."""

    budget: Budget
    solver_steps: int = 0
    path_solver_steps: int = 0
    steps: int = 0
    path_steps: int = 0
    ends: list[PathEnd] = field(default_factory=list)
    exhausted: bool = False
    inexact: bool = False
    nondeterministic: bool = False
    path_arguments: BoundArguments | None = None
    counterexample: dict[str, object] | None = None

    def begin_path(self) -> None:
        """Start the counters of a path. Raises BudgetSpent if the whole exploration has used its share."""
        if self.solver_steps >= self.budget.solver_steps or self.steps >= self.budget.steps:
            raise BudgetSpent
        self.path_steps = 0
        self.path_solver_steps = 0
        self.path_arguments = None

    def count_solver(self, steps: int) -> None:
        """Count the work of one check."""
        self.solver_steps += steps
        self.path_solver_steps += steps

    def count_step(self) -> None:
        """Count one call or jump. Raises PathTimeout, which CrossHair records as an unexplored path."""
        self.steps += 1
        self.path_steps += 1
        if self.path_steps > self.budget.path_steps or self.steps > self.budget.steps:
            raise PathTimeout

    def keep_counterexample(self, space: StateSpace) -> None:
        """Choose concrete arguments for this path, unless a list of extra arguments cannot be given by name."""
        if self.path_arguments is None:
            return
        realized = space.extra(core.LazyCreationRepr).deep_realize(self.path_arguments)
        if not any(parameter.kind in _VARIADIC for parameter in realized.signature.parameters.values()):
            self.counterexample = dict(realized.arguments)


class BudgetSpent(BaseException):
    """No further path may begin. Not an Exception, so that neither CrossHair nor the program under test handles it."""


class MeteredSpace(StateSpace):
    """CrossHair's search space with counters instead of deadlines, recording how each path ended."""

    def __init__(self, *, meter: Meter, search_root: RootNode) -> None:
        meter.begin_path()
        self.meter = meter
        super().__init__(execution_deadline=math.inf, model_check_timeout=math.inf, search_root=search_root)
        self.smt_rlimit = meter.budget.check_steps
        self.solver.set("rlimit", self.smt_rlimit)
        self._check = self.solver.check
        self.solver.check = self._metered_check

    def _metered_check(self, *assumptions: object) -> object:
        before = _solver_steps_so_far(self.solver)
        answer = self._check(*assumptions)
        self.meter.count_solver(_solver_steps_so_far(self.solver) - before)
        return answer

    def check_timeout(self) -> None:
        """Bound the path by its decisions and its solver work; a refuted path gets as much again to find its inputs."""
        budget, share = self.meter.budget, 2 if self.is_detached else 1
        decided, solved = len(self.choices_made), self.meter.path_solver_steps
        if decided > share * budget.path_decisions or solved > share * budget.path_solver_steps:
            raise PathTimeout

    def cap_result_at_unknown(self) -> None:
        """Note that a value is modelled inexactly (a float as a real number): CrossHair itself may forget it."""
        self.meter.inexact = True
        super().cap_result_at_unknown()  # type: ignore[no-untyped-call]

    def raise_not_deterministic(self, *args: Any, **kwargs: Any) -> Any:
        """Note it before raising: the program under test may swallow the exception."""
        self.meter.nondeterministic = True
        super().raise_not_deterministic(*args, **kwargs)

    def bubble_status(self, analysis: CallAnalysis) -> tuple[CallAnalysis | None, bool]:
        """Keep how this path ended and whether CrossHair believes that the search tree is exhausted."""
        self.meter.ends.append(_path_end(analysis))
        if self.meter.ends[-1] is PathEnd.REFUTED and self.is_detached and self.meter.counterexample is None:
            # CrossHair prints no call for an argument that was changed against the contract.
            with contextlib.suppress(ControlFlowException):
                self.meter.keep_counterexample(self)
        result, exhausted = super().bubble_status(analysis)
        self.meter.exhausted = exhausted
        return result, exhausted


def _solver_steps_so_far(solver: z3.Solver) -> int:
    statistics = solver.statistics()
    return int(statistics.get_key_value("rlimit count")) if "rlimit count" in statistics.keys() else 0  # noqa: SIM118


def _path_end(analysis: CallAnalysis) -> PathEnd:
    if analysis.verification_status is VerificationStatus.CONFIRMED:
        return PathEnd.CONFIRMED
    if analysis.verification_status is VerificationStatus.REFUTED:
        return PathEnd.REFUTED
    if analysis.verification_status is VerificationStatus.UNKNOWN:
        return PathEnd.CUT_OFF
    return PathEnd.PRECONDITION_FAILED if analysis.failing_precondition else PathEnd.IGNORED


def _countable_opcodes() -> frozenset[int]:
    """Calls and backward jumps: every loop and every recursion passes one. Newer tracers support only some jumps."""
    jumps = {code for name, code in dis.opmap.items() if "BACKWARD" in name}
    if sys.version_info >= (3, 12):
        from crosshair.tracers import supported_opcodes

        jumps &= set(supported_opcodes())
    return TracingModule.opcodes_wanted | jumps


class StepCounter(TracingModule):  # type: ignore[no-untyped-call]
    """Counts the program's steps. CrossHair checks its deadline only at branches on symbolic values, so a concrete
    loop would never end."""

    opcodes_wanted = _countable_opcodes()

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self.meter = meter

    def trace_op(self, frame: object, codeobj: object, opcodenum: int) -> None:
        """Count; never replace what is called."""
        self.meter.count_step()


class JudgingFilter(core.ExceptionFilter):
    """Tells the exceptions a contract allows from those that refute it, also when they carry symbolic values.

    CrossHair renders an exception outside its tracing, which fails for `raise ValueError(n)`.
    """

    def __exit__(self, exc_type: Any, exc_value: Any, tb: Any) -> bool:
        """Swallow and grade an exception of the program; let CrossHair's own pass."""
        if isinstance(exc_value, Exception) and not isinstance(exc_value, (NotDeterministic, z3.Z3Exception)):
            with NoTracing():  # type: ignore[no-untyped-call]
                if isinstance(exc_value, self.expected_exceptions):
                    self.ignore, self.analysis = True, CallAnalysis(VerificationStatus.CONFIRMED)
                    return True
                exc_value.args = core.deep_realize(exc_value.args)
        return super().__exit__(exc_type, exc_value, tb)


class NoEnforcement:
    """Stands where CrossHair enforces the contracts of called functions: only the contract under test is judged.

    CrossHair ignores a path on which a helper breaks its own postcondition, which would turn a helper with a wrong
    contract into a proof.
    """

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        pass

    @contextlib.contextmanager
    def enabled_enforcement(self) -> Iterator[None]:
        yield


def install_determinism() -> None:
    """Replace the decisions of CrossHair that depend on memory addresses. Idempotent."""
    pathing_oracle.CoveragePathingOracle.internalize = _internalize  # type: ignore[method-assign]
    # Shadows the builtin in that module, where id() only makes the name of a solver constant unique.
    type_repo.id = _StableNames()  # type: ignore[attr-defined]


def _internalize(self: pathing_oracle.CoveragePathingOracle, expr: z3.ExprRef) -> int:
    """Number expressions in the order met. The original uses id(), which Python reuses once an expression is freed."""
    numbers, _ = self.internalized_expressions
    return numbers.setdefault(expr, len(numbers) + 1)


class _StableNames:
    """Numbers types in the order met."""

    def __init__(self) -> None:
        self.numbers: dict[type, int] = {}

    def __call__(self, typ: type) -> int:
        return self.numbers.setdefault(typ, len(self.numbers))


def order_subclasses(own_classes: list[type]) -> None:
    """Put the subclasses that CrossHair may choose for a parameter in the order of their names, not of their hashes."""
    children = type_repo.get_subclass_map()
    for cls in own_classes:
        for base in cls.__bases__:
            if cls not in children[base]:
                children[base].append(cls)
    for subclasses in children.values():
        subclasses.sort(key=lambda cls: (cls.__module__, cls.__qualname__))


def explore(conditions: Conditions, *, budget: Budget) -> tuple[Meter, core.CallTreeAnalysis | None]:
    """Explore one contract; the analysis is None when the budget for the whole exploration ran out first.

    All postconditions are judged together on each path. Replaces names in crosshair.core, so it belongs in a process
    of its own.
    """
    meter = Meter(budget=budget)
    meter.inexact = any(issubclass(mask, raised) for raised in conditions.raises for mask in MASKED_BY_HANDLERS)
    with contextlib.ExitStack() as replaced:
        for name, value in _replacements(meter, contract=conditions).items():
            replaced.callback(setattr, core, name, getattr(core, name))
            setattr(core, name, value)
        with condition_parser([AnalysisKind.PEP316]):
            try:
                return meter, core.analyze_calltree(_options(budget), _joined(conditions))
            except BudgetSpent:
                return meter, None


def _replacements(meter: Meter, *, contract: Conditions) -> dict[str, Callable[..., object]]:
    counter = StepCounter(meter)
    attempt_call, gen_args = core.attempt_call, core.gen_args

    def metered_space(*, search_root: RootNode, **_deadlines: float) -> MeteredSpace:
        return MeteredSpace(meter=meter, search_root=search_root)

    def metered_call(*args: Any) -> CallAnalysis:
        COMPOSITE_TRACER.push_module(counter)
        try:
            return attempt_call(*args)
        finally:
            COMPOSITE_TRACER.pop_config(counter)

    def kept_arguments(signature: Signature) -> BoundArguments:
        arguments = gen_args(signature)
        if signature is contract.sig:
            meter.path_arguments = arguments
        return arguments

    def keep_counterexample(*_unused: object) -> str:
        with NoTracing():  # type: ignore[no-untyped-call]
            meter.keep_counterexample(context_statespace())
        return ""

    return {
        "StateSpace": metered_space,
        "attempt_call": metered_call,
        "gen_args": kept_arguments,
        "ExceptionFilter": JudgingFilter,
        "EnforcedConditions": NoEnforcement,
        "make_counterexample_message": keep_counterexample,
    }


def _options(budget: Budget) -> AnalysisOptions:
    """No clock decides: infinite time, and 0 switches the stop after uninteresting paths off."""
    return replace(
        DEFAULT_OPTIONS,
        analysis_kind=(AnalysisKind.PEP316,),
        max_iterations=budget.max_paths,
        per_condition_timeout=math.inf,
        per_path_timeout=math.inf,
        max_uninteresting_iterations=0,
    )


def _joined(conditions: Conditions) -> Conditions:
    """One postcondition out of all, so that the paths of the body are explored once.

    A postcondition that raises is false, also where the contract allows the function to raise that exception:
    CrossHair would count the path as confirmed.
    """
    postconditions = [(post.expr_source, post.evaluate) for post in conditions.post if post.evaluate is not None]
    allowed = tuple(conditions.raises)

    def holds(values: Mapping[str, object]) -> bool:
        for _source, evaluate in postconditions:
            try:
                held = evaluate(values)
            except allowed:
                return False
            if not held:
                return False
        return True

    joined = replace(
        conditions.post[0], evaluate=holds, expr_source=" and ".join(f"({source})" for source, _ in postconditions)
    )
    return replace(conditions, post=[joined])
