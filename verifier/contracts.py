"""One specification, two engines: pre- and postconditions as a Hypothesis property and as a PEP 316 docstring.

Everything here reads and writes source text; nothing is run. A precondition that raises does not hold. A parameter in a
postcondition is its value after the call, `__old__.name` its value before.
"""

import ast
import builtins
from dataclasses import dataclass, replace

from verifier.problem import Contracts
from verifier.shapes import read_shape, render_annotation
from verifier.shipped import read_shipped
from verifier.signature import EntryPoint, Parameter
from verifier.strategies import Underivable, render_arguments
from verifier.syntax import Refused, names_written_dunder, parse_expression

# Names that generated modules bind; a sample's parameter may not begin so.
RESERVED_PREFIX = "synthgen_"
SOLUTION_NAME = "synthgen_solution"
CONTRACT_FUNCTION = "synthgen_contract"
# fmt: off
ALLOWED_BUILTINS = frozenset({
    "abs", "all", "any", "bin", "bool", "bytes", "chr", "complex", "dict", "divmod", "enumerate", "filter", "float",
    "format", "frozenset", "hex", "int", "isinstance", "iter", "len", "list", "map", "max", "min", "next", "oct", "ord",
    "pow", "range", "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum", "tuple", "zip",
})
# fmt: on
_VALUE_BUILDERS = frozenset({"set", "frozenset", "float", "complex", "dict", "list", "tuple", "bytes", "int", "str"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A checked contract: expressions as trees, the exceptions it allows, the parameters of the call."""

    pre: tuple[ast.expr, ...]
    post: tuple[ast.expr, ...]
    raises: tuple[str, ...]
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """Why a contract cannot be read."""

    detail: str


def read_contracts(contracts: Contracts, entry: EntryPoint) -> Terms | Malformed:
    """Check a contract against the entry point's parameters."""
    if entry.parameters is None:
        return Malformed(
            detail=f"a contract needs a function with named parameters, and {entry.name!r} is {entry.kind}"
        )
    names = {parameter.name for parameter in entry.parameters if parameter.kind != "variadic"}
    reserved = sorted(name for name in names if name.startswith(RESERVED_PREFIX) or names_written_dunder(name))
    if reserved:
        return Malformed(detail=f"parameter {reserved[0]!r} has a name that is kept for the verifier")
    pre: list[ast.expr] = []
    post: list[ast.expr] = []
    for kind, texts, checked in (("pre", contracts.pre, pre), ("post", contracts.post, post)):
        for position, text in enumerate(texts):
            expression = _read_condition(text, names, is_post=kind == "post")
            if isinstance(expression, Malformed):
                return Malformed(detail=f"{kind}[{position}] {text[:200]!r}: {expression.detail}")
            checked.append(expression)
    for name in contracts.raises:
        exception = getattr(builtins, name, None)
        if not (isinstance(exception, type) and issubclass(exception, Exception)):
            return Malformed(detail=f"raises names {name!r}, which is no built-in exception")
    passed = select_passed(entry.parameters, (*pre, *post))
    return Terms(pre=tuple(pre), post=tuple(post), raises=contracts.raises, parameters=passed)


def select_passed(parameters: tuple[Parameter, ...], conditions: tuple[ast.expr, ...] = ()) -> tuple[Parameter, ...]:
    """The parameters that a generated call passes: all but the variadic, and defaults that nothing describes."""
    passed: list[Parameter] = []
    skipped = False
    for parameter in parameters:
        if not _is_passed(parameter, conditions):
            skipped = True
        else:
            # After a skipped parameter the rest can only go by name.
            passed.append(replace(parameter, kind="keyword_only") if skipped else parameter)
    return tuple(passed)


def render_contract_test(terms: Terms, *, constants: tuple[int, ...], keywords: bool) -> str | Underivable:
    """A test module with one property: on every drawn input that meets the preconditions, the contract is kept.

    The module calls `synthgen_solution`. keywords: whether arguments are passed by name.
    """
    arguments = render_arguments(terms.parameters, terms.pre, constants=constants)
    if isinstance(arguments, Underivable):
        return arguments
    return "\n".join(
        [
            read_shipped("draws"),
            "from hypothesis import given as synthgen_given",
            arguments,
            _render_contract_check(terms, keywords=keywords),
            "@synthgen_given(synthgen_arguments())",
            "def test_contract(synthgen_drawn):",
            "    synthgen_assume(synthgen_precondition(**synthgen_drawn))",
            "    synthgen_check(**synthgen_drawn)",
            "",
        ]
    )


def render_replay_test(terms: Terms, arguments: dict[str, str], *, keywords: bool) -> str | Malformed:
    """A test module that makes one call with the given arguments, if they meet the preconditions, and checks it.

    arguments come from a process that hostile code shared: only literals and calls of built-in types are taken.
    """
    names = {parameter.name for parameter in terms.parameters}
    if set(arguments) != names:
        return Malformed(detail=f"arguments for {sorted(arguments)} where the call takes {sorted(names)}")
    values: list[str] = []
    for name, text in arguments.items():
        expression = parse_expression(text)
        if isinstance(expression, Refused) or not _is_plain_value(expression):
            return Malformed(detail=f"the argument for {name!r} is not written as plain values: {text[:200]}")
        values.append(f"{name!r}: {ast.unparse(expression)}")
    return "\n".join(
        [
            _render_contract_check(terms, keywords=keywords),
            "def test_counterexample():",
            f"    synthgen_drawn = {{{', '.join(values)}}}",
            "    if synthgen_precondition(**synthgen_drawn):",
            "        synthgen_check(**synthgen_drawn)",
            "",
        ]
    )


def render_symbolic(terms: Terms, solution: str, entry: EntryPoint) -> str | Underivable:
    """The solution with a wrapper `synthgen_contract` whose docstring states the contract in PEP 316."""
    annotated: list[str] = []
    for parameter in terms.parameters:
        shape = read_shape(parameter.annotation)
        if shape is None:
            return Underivable(detail=f"the type of parameter {parameter.name!r} is not known")
        annotated.append(f"{parameter.name}: {render_annotation(shape)}")
    result = read_shape(entry.returns)
    returns = f" -> {render_annotation(result)}" if result is not None else ""
    lines = [f"pre: {ast.unparse(condition)}" for condition in terms.pre]
    lines += [f"post: {ast.unparse(condition)}" for condition in terms.post or (ast.Constant(value=True),)]
    if terms.raises:
        lines.append(f"raises: {', '.join(terms.raises)}")
    documented = "\n    ".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return "\n".join(
        [
            solution,
            "",
            "import typing as synthgen_typing",
            f"{SOLUTION_NAME} = {entry.name}",
            f"def {CONTRACT_FUNCTION}({', '.join(annotated)}){returns}:",
            f'    """\n    {documented}\n    """',
            f"    return {SOLUTION_NAME}({render_call_arguments(terms.parameters, keywords=False)})",
            "",
        ]
    )


def render_call_arguments(parameters: tuple[Parameter, ...], *, keywords: bool) -> str:
    """The argument list of a call that passes each parameter on; by name where asked for or where it must be."""
    return ", ".join(
        f"{p.name}={p.name}" if p.kind == "keyword_only" or (keywords and p.kind != "positional_only") else p.name
        for p in parameters
    )


def _render_contract_check(terms: Terms, *, keywords: bool) -> str:
    names = ", ".join(parameter.name for parameter in terms.parameters)
    condition = " and ".join(f"({ast.unparse(condition)})" for condition in terms.pre) or "True"
    kept = ", ".join(f"{p.name}=synthgen_deepcopy({p.name})" for p in terms.parameters)
    call = f"__return__ = {SOLUTION_NAME}({render_call_arguments(terms.parameters, keywords=keywords)})"
    lines = [
        "from copy import deepcopy as synthgen_deepcopy",
        "from types import SimpleNamespace as synthgen_namespace",
        "",
        f"def synthgen_precondition({names}):",
        "    try:",
        f"        return bool({condition})",
        "    except Exception:",
        "        return False",
        "",
        f"def synthgen_check({names}):",
        f"    __old__ = synthgen_namespace({kept})",
    ]
    if terms.raises:
        lines += ["    try:", f"        {call}", f"    except ({', '.join(terms.raises)},):", "        return"]
    else:
        lines.append(f"    {call}")
    lines += [f"    assert {ast.unparse(post)}" for post in terms.post]
    return "\n".join([*lines, ""])


def _is_passed(parameter: Parameter, conditions: tuple[ast.expr, ...]) -> bool:
    if parameter.kind == "variadic":
        return False
    named = any(isinstance(n, ast.Name) and n.id == parameter.name for c in conditions for n in ast.walk(c))
    return named or not parameter.has_default or read_shape(parameter.annotation) is not None


def _read_condition(text: str, parameters: set[str], *, is_post: bool) -> ast.expr | Malformed:
    expression = parse_expression(text)
    if isinstance(expression, Refused):
        return Malformed(detail=expression.detail)
    if isinstance(expression, ast.Tuple):
        return Malformed(detail="a tuple is always true; give each condition its own string")
    subjects = parameters | ({"__return__", "__old__"} if is_post else set())
    bound = _find_bound_names(expression)
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    unknown = sorted(names - subjects - bound - ALLOWED_BUILTINS)
    if unknown:
        allowed = "parameters, __return__, __old__" if is_post else "parameters"
        return Malformed(detail=f"the name {unknown[0]!r} is none of: {allowed}, allowed built-ins")
    if is_post and not names & subjects:
        return Malformed(detail="it says nothing of the result or the arguments")
    for node in ast.walk(expression):
        fault = _find_fault(node, parameters)
        if fault is not None:
            return Malformed(detail=fault)
    try:
        ast.unparse(expression)
    except (RecursionError, ValueError):
        return Malformed(detail="it holds a number too long to write in decimal, or nests too deeply")
    return expression


def _find_fault(node: ast.AST, parameters: set[str]) -> str | None:
    match node:
        case ast.Attribute(value=ast.Name(id="__old__"), attr=attribute):
            return None if attribute in parameters else f"__old__.{attribute} is no parameter"
        case ast.Attribute(attr=attribute) if attribute.startswith("_") or attribute in ("format", "format_map"):
            return f"the attribute {attribute!r} may not be used"
        case ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom():
            return f"{type(node).__name__} may not be used"
        case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) if name.startswith("__"):
            return f"the name {name!r} may not be bound"
        case _:
            return None


def _find_bound_names(expression: ast.expr) -> set[str]:
    """Names that comprehensions and lambdas in the expression bind themselves."""
    bound: set[str] = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return bound


def _is_plain_value(expression: ast.expr) -> bool:
    """Whether an expression only writes down a value: literals, containers, signs, and calls of built-in types."""
    callees = {id(n.func) for n in ast.walk(expression) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    for node in ast.walk(expression):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if id(node) in callees and name in _VALUE_BUILDERS:
                continue
            case (
                ast.Constant()
                | ast.List()
                | ast.Tuple()
                | ast.Set()
                | ast.Dict()
                | ast.Call(func=ast.Name())
                | ast.UnaryOp()
                | ast.BinOp(op=ast.Add() | ast.Sub())
                | ast.operator()
                | ast.unaryop()
                | ast.expr_context()
            ):
                continue
            case _:
                return False
    return True
