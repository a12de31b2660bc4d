"""Asks CrossHair whether a function keeps its contract, and answers with plain values.

`preload` runs once in the zygote, `analyse` in a process forked from it that judges one source and ends. The source is
untrusted and shares this process with CrossHair, so the answer is a claim: a counterexample is to be replayed in a
guest, and `confirmed` means only that CrossHair says so. The word `confirmed` is used when every path was explored to
its end and held; a path that was cut off, ignored, or modelled inexactly makes it `no_counterexample`.

Nothing here reads a clock. The kernel's limit on CPU time is the caller's backstop for what no count can stop, such
as one call into C that never returns.
"""

import ast
import contextlib
import gc
import io
import linecache
import math
import re
import sys
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crosshair.condition_parser import Conditions
    from crosshair.core import CallTreeAnalysis

    from sandbox.agent.exploration import Meter

MODULE_NAME = "solution_under_analysis"
FILE_NAME = f"/{MODULE_NAME}.py"
MESSAGE_CHARACTERS = 1_000
ARGUMENT_CHARACTERS = 10_000
# repr refuses integers of more than 4,300 digits; hex does not.
REPR_BITS = 10_000
# One hard path, or one hard check on it, may not use up the budget of all paths.
PATHS_PER_BUDGET = 4
CHECKS_PER_BUDGET = 8
BROAD_HANDLERS = frozenset({"Exception", "BaseException", "TypeError"})
# Modules that a program imports for its annotations only.
MODULES_WITHOUT_MODEL = frozenset({"__future__", "collections.abc", "typing"})
WARM_UP = '''
def total(xs: list[int], word: str, table: dict[str, int]) -> int:
    """
    pre: len(xs) < 3
    post: __return__ >= 0
    """
    return sum(x for x in xs if x > 0) + len(word.strip()) + len(table)
'''


class Unsupported(Exception):
    """The source or its contract cannot be analysed; the message says why."""


def preload() -> None:
    """Load CrossHair and Z3 and analyse one small function, so that a forked process pays for neither.

    The warm-up starts no thread (no time-out is ever given to Z3), so forking after it is safe.
    """
    from crosshair.type_repo import get_subclass_map

    get_subclass_map()
    _answer({"source": WARM_UP, "function": "total", "max_paths": 4, "solver_steps": 500_000})
    gc.collect()
    gc.freeze()


def analyse(payload: dict[str, Any]) -> dict[str, Any]:
    """Run CrossHair on one contract: source, function, max_paths, solver_steps to status, message, arguments, paths.

    `status` is one of sandbox.job.SymbolicStatus. `arguments` maps each parameter to a Python expression of literals
    and builtins, or is None. Call it once in a process forked after `preload`; it never raises for what the source does.
    """
    from crosshair.auditwall import enabled_auditwall

    # Python's collector runs when enough objects have been made, and what it frees decides which numbers Z3 gives to
    # new expressions. Without it, memory is freed at the same points in every run; the process is short-lived.
    gc.disable()
    # A file or process that one path makes could be seen by the next. Writes and spawns raise instead.
    with enabled_auditwall():
        return _answer(payload)


def _answer(payload: dict[str, Any]) -> dict[str, Any]:
    source: str = payload["source"]
    paths = 0
    try:
        with _silence():
            from sandbox.agent import exploration

            exploration.install_determinism()
            conditions = _contract(_load(source), payload["function"])
            solver_steps: int = payload["solver_steps"]
            budget = exploration.Budget(
                max_paths=payload["max_paths"],
                solver_steps=solver_steps,
                path_solver_steps=max(1, solver_steps // PATHS_PER_BUDGET),
                check_steps=max(1, solver_steps // CHECKS_PER_BUDGET),
            )
            meter, analysis = exploration.explore(conditions, budget=budget)
            meter.inexact = meter.inexact or _is_beyond_proof(source)
            paths = len(meter.ends)
            status, message = _classify(meter, analysis)
            arguments = _expressions(meter.counterexample) if status == "refuted" else None
    except Unsupported as refusal:
        status, message, arguments = "unsupported", str(refusal), None
    except BaseException as error:  # CrossHair's control flow and SystemExit from the source are no Exception
        status, message, arguments = "unsupported", f"the analysis stopped with {type(error).__name__}", None
    finally:
        sys.modules.pop(MODULE_NAME, None)
        linecache.cache.pop(FILE_NAME, None)
    return {"status": status, "message": _clean(message), "arguments": arguments, "paths": paths}


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """CrossHair prints diagnostics and the source may print anything; neither belongs in a result."""
    with (
        open("/dev/null", "w", encoding="utf-8", errors="replace") as sink,
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
    ):
        yield


def _load(source: str) -> types.ModuleType:
    """Execute the source as a module. CrossHair reads contracts through inspect, which finds the text in linecache."""
    # Lines as the compiler counts them: str.splitlines would also end one at a form feed.
    linecache.cache[FILE_NAME] = (len(source), None, io.StringIO(source, newline=None).readlines(), FILE_NAME)
    module = types.ModuleType(MODULE_NAME)
    module.__file__ = FILE_NAME
    sys.modules[MODULE_NAME] = module
    try:
        exec(compile(source, FILE_NAME, "exec"), module.__dict__)
    except BaseException as error:
        raise Unsupported(f"the source does not load: {type(error).__name__}: {_text(error)}") from None
    return module


def _contract(module: types.ModuleType, name: str) -> "Conditions":
    from crosshair.condition_parser import condition_parser
    from crosshair.fnutil import FunctionInfo
    from crosshair.options import AnalysisKind

    from sandbox.agent import exploration

    function = module.__dict__.get(name)
    if not isinstance(function, types.FunctionType):
        raise Unsupported(f"the source defines no plain function {name!r}")
    exploration.order_subclasses(
        [value for value in module.__dict__.values() if isinstance(value, type) and value.__module__ == MODULE_NAME]
    )
    with condition_parser([AnalysisKind.PEP316]) as parser:
        conditions = parser.get_fn_conditions(FunctionInfo.from_fn(function))
    if conditions is None or not any(post.evaluate is not None for post in conditions.post):
        problems = [] if conditions is None else [problem.message for problem in conditions.syntax_messages()]
        raise Unsupported(f"no usable contract in the docstring of {name!r}: {'; '.join(problems) or 'no post: line'}")
    for problem in conditions.syntax_messages():
        raise Unsupported(f"a line of the contract of {name!r} cannot be read: {problem.message}")
    for raised in conditions.raises:
        if not issubclass(raised, Exception):
            raise Unsupported(f"raises: names {raised.__name__}, which is no Exception; name the exceptions one by one")
    return conditions


def _is_beyond_proof(source: str) -> bool:
    """Whether the source uses something that makes a confirmation untrustworthy.

    A handler broad enough swallows CrossHair's own exceptions. CrossHair's models of library modules differ from the
    library in places: in its model of `re`, `$` does not match before a trailing newline.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            return True
        if isinstance(node, ast.Name) and node.id in BROAD_HANDLERS | {"__import__"}:
            return True
        if isinstance(node, ast.ImportFrom) and node.module not in MODULES_WITHOUT_MODEL:
            return True
        if isinstance(node, ast.Import) and any(alias.name not in MODULES_WITHOUT_MODEL for alias in node.names):
            return True
    return False


def _classify(meter: "Meter", analysis: "CallTreeAnalysis | None") -> tuple[str, str]:
    """Grade an exploration by how its paths ended; CrossHair's own grade is only ever lowered."""
    from crosshair.statespace import MessageType, VerificationStatus

    from sandbox.agent.exploration import PathEnd

    paths = len(meter.ends)
    if PathEnd.REFUTED in meter.ends:
        if meter.nondeterministic:
            return "unsupported", "CrossHair saw different paths after the same decisions"
        described = [m for m in analysis.messages if m.state > MessageType.PRE_UNSAT] if analysis else []
        if any("SideEffectDetected" in m.message for m in described):
            return "unsupported", "the function has side effects outside its process"
        kinds = {MessageType.POST_FAIL: "the postcondition is false"}
        texts = [kinds.get(m.state) or m.message.removeprefix('"<unknown>" yields ') for m in described]
        return "refuted", "; ".join(texts) or "refuted"
    judged = paths - meter.ends.count(PathEnd.PRECONDITION_FAILED)
    if meter.exhausted and paths and not judged:
        return "precondition_unsatisfiable", f"no input satisfies the precondition ({paths} paths, all explored)"
    held = meter.ends.count(PathEnd.CONFIRMED)
    if not held:
        return "budget", f"no path was judged within the budget ({paths} paths begun, {judged} past the precondition)"
    confirmed = analysis is not None and analysis.verification_status is VerificationStatus.CONFIRMED
    if confirmed and meter.exhausted and held == judged and not meter.inexact and not meter.nondeterministic:
        return "confirmed", f"the contract holds on all {held} paths"
    if confirmed:
        return "no_counterexample", f"the contract holds on {held} paths, which is no proof of the rest"
    return "no_counterexample", f"the contract holds on the {held} paths judged of {paths} begun"


def _expressions(values: dict[str, object] | None) -> dict[str, str] | None:
    """Each argument as an expression, or None if one of them is no plain value or is too long to hand back."""
    if values is None:
        return None
    try:
        rendered = {name: expression(value) for name, value in values.items()}
    except (Unsupported, RecursionError):
        return None
    return rendered if sum(map(len, rendered.values())) <= ARGUMENT_CHARACTERS else None


def expression(value: Any) -> str:
    """Render a plain value so that eval with builtins alone gives it back. Sets are sorted: the hash seed orders them."""
    kind = type(value)
    if kind is int:
        return repr(value) if value.bit_length() <= REPR_BITS else hex(value)
    if kind is float:
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if kind is complex:
        return f"complex({expression(value.real)}, {expression(value.imag)})"
    if value is None or kind in (bool, str, bytes):
        return repr(value)
    if kind is list:
        return f"[{', '.join(map(expression, value))}]"
    if kind is tuple:
        items = [expression(item) for item in value]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    if kind in (set, frozenset):
        items = sorted(expression(item) for item in value)
        return f"{kind.__name__}([{', '.join(items)}])"
    if kind is dict:
        pairs = [f"{expression(key)}: {expression(item)}" for key, item in value.items()]
        return f"{{{', '.join(pairs)}}}"
    raise Unsupported(f"{kind.__name__} is no plain value")


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(no text)"


def _clean(message: str) -> str:
    """Drop what differs from run to run (addresses) or cannot be encoded, and bound the length."""
    steady = re.sub(r"0x[0-9a-fA-F]+", "0x...", message)
    return steady.encode("utf-8", "backslashreplace").decode("utf-8")[:MESSAGE_CHARACTERS].strip()
