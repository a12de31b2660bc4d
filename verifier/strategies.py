"""Annotations and preconditions as Hypothesis strategies, written as source text to run inside the sandbox.

Nothing is generated here. `draws.py` holds the functions that the text calls; `narrowing.py` reads the preconditions.
"""

import ast
from dataclasses import dataclass

from verifier.narrowing import Bound, Narrowing, narrow, order_names
from verifier.shapes import Shape, read_shape
from verifier.signature import Parameter
from verifier.syntax import walk_tree

MAX_CONSTANTS = 20
_LARGEST_CONSTANT = 1_000_000
_NOTHING_KNOWN = Narrowing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Underivable:
    """Why no strategy could be derived; the check that needs one stays inconclusive."""

    detail: str


def render_arguments(
    parameters: tuple[Parameter, ...], preconditions: tuple[ast.expr, ...], *, constants: tuple[int, ...] = ()
) -> str | Underivable:
    """Source of a composite strategy `synthgen_arguments()` that draws a dict from parameter name to value.

    constants are integers worth trying, such as those the programs under test compare with.
    """
    shapes: dict[str, Shape] = {}
    for parameter in parameters:
        shape = read_shape(parameter.annotation)
        if shape is None:
            return Underivable(detail=_explain_unsupported(parameter))
        shapes[parameter.name] = shape
    narrowings = narrow(preconditions, tuple(shapes))
    # A strategy that needs no other value is built once, on its first draw; building one costs more than drawing from it.
    constant_lines: list[str] = []
    drawing_lines = ["@synthgen_st.composite", "def synthgen_arguments(synthgen_draw):"]
    for position, name in enumerate(order_names(narrowings)):
        strategy = render_strategy(shapes[name], narrowings[name], constants=constants)
        if not narrowings[name].needs:
            constant_lines.append(f"synthgen_strategy_{position} = synthgen_st.deferred(lambda: {strategy})")
            strategy = f"synthgen_strategy_{position}"
        drawing_lines.append(f"    {name} = synthgen_draw({strategy})")
    drawing_lines.append("    return {" + ", ".join(f"{name!r}: {name}" for name in shapes) + "}")
    return "\n".join([*constant_lines, "", *drawing_lines, ""])


def render_strategy(shape: Shape, known: Narrowing = _NOTHING_KNOWN, *, constants: tuple[int, ...] = ()) -> str:
    """One strategy as an expression over the names of `draws.py`."""
    if known.choices is not None and shape.kind not in ("union", "literal"):
        return f"synthgen_choose(lambda: {known.choices})"
    bounds = f"{_render_bounds(known.lower)}, {_render_bounds(known.upper)}"
    sizes = f"{_render_bounds(known.size_lower)}, {_render_bounds(known.size_upper)}"
    match shape.kind:
        case "int":
            return f"synthgen_integers({bounds}, {constants!r})" if constants else f"synthgen_integers({bounds})"
        case "float":
            return f"synthgen_floats({bounds})"
        case "complex":
            return "synthgen_st.complex_numbers(max_magnitude=1e6, allow_nan=False)"
        case "bool":
            return "synthgen_st.booleans()"
        case "str":
            return _render_text(known, sizes)
        case "bytes":
            return f"synthgen_st.binary(**synthgen_sizes({sizes}))"
        case "None":
            return "synthgen_st.none()"
        case "literal":
            return f"synthgen_st.sampled_from([{', '.join(shape.literals)}])"
        case "union":
            members = ", ".join(render_strategy(inner, known, constants=constants) for inner in shape.inner)
            return f"synthgen_st.one_of({members})"
        case _:
            return _render_collection(shape, known, sizes, constants=constants)


def find_constants(module: ast.Module) -> tuple[int, ...]:
    """Integers that a program mentions, where off-by-one faults hide; the smallest few, so that the text stays short."""
    found = {
        node.value
        for node in walk_tree(module)
        if isinstance(node, ast.Constant) and type(node.value) is int and 2 <= node.value <= _LARGEST_CONSTANT
    }
    signed = found | {-value for value in found}
    return tuple(sorted(signed, key=lambda value: (abs(value), value))[:MAX_CONSTANTS])


def _render_collection(shape: Shape, known: Narrowing, sizes: str, *, constants: tuple[int, ...]) -> str:
    if shape.kind == "tuple" and not shape.variadic:
        inner = ", ".join(render_strategy(inner, constants=constants) for inner in shape.inner)
        return f"synthgen_st.tuples({inner})"
    lower = _render_bounds(known.size_lower)
    if shape.kind == "dict":
        code = _render_record(shape.inner, constants=constants)
        if code is not None:
            return f"synthgen_distinct(synthgen_many({code}, {sizes}), {lower}, dict)"
        key, value = (_render_single(inner, constants=constants) for inner in shape.inner)
        return f"synthgen_st.dictionaries({key}, {value}, **synthgen_sizes({sizes}))"
    code = _render_element_code(shape.inner[0], known, constants=constants)
    if code is not None:
        strategy = f"synthgen_many({code}, {sizes})"
        if shape.kind in ("set", "frozenset"):
            return f"synthgen_distinct({strategy}, {lower}, {shape.kind})"
        if known.unique:
            strategy = f"synthgen_distinct({strategy}, {lower}, synthgen_drop_repeated)"
    else:
        element = _render_element(shape.inner[0], known, constants=constants)
        if shape.kind in ("set", "frozenset"):
            return f"synthgen_st.{shape.kind}s({element}, **synthgen_sizes({sizes}))"
        unique = ", unique=True" if known.unique else ""
        strategy = f"synthgen_lists({element}, {sizes}{unique})"
    if known.ordered:
        strategy += ".map(sorted)"
    return f"{strategy}.map(tuple)" if shape.kind == "tuple" else strategy


def _render_single(shape: Shape, *, constants: tuple[int, ...]) -> str:
    """A value inside a larger one: picked from a table where there is one, which costs Hypothesis the least."""
    tables = _render_tables(shape, _NOTHING_KNOWN, constants=constants)
    return render_strategy(shape, constants=constants) if tables is None else f"synthgen_pick({', '.join(tables)})"


def _render_tables(shape: Shape, known: Narrowing, *, constants: tuple[int, ...]) -> list[str] | None:
    """Lists of values of the shape, as expressions; None where it is no scalar or choices are known."""
    if known.choices is not None:
        return None
    bounds = f"{_render_bounds(known.lower)}, {_render_bounds(known.upper)}"
    match shape.kind:
        case "int":
            return [f"synthgen_some_integers({bounds}, {constants!r})"]
        case "float":
            return [f"synthgen_some_floats({bounds})"]
        case "bool":
            return ["[False, True]"]
        case "None":
            return ["[None]"]
        case "literal":
            return [f"[{', '.join(shape.literals)}]"]
        case "str" if not known.size_lower and not known.size_upper and not known.elements:
            return [f"synthgen_some_words({'' if known.alphabet is None else f'lambda: {known.alphabet}'})"]
        case "union":
            members = [_render_tables(inner, known, constants=constants) for inner in shape.inner]
            tables = [table for member in members if member is not None for table in member]
            return tables if all(member is not None for member in members) else None
        case _:
            return None


def _render_code(shape: Shape, known: Narrowing, *, constants: tuple[int, ...]) -> str | None:
    """How a value of the shape is written in bytes; None where it has a size of its own."""
    if shape.kind == "tuple" and not shape.variadic and known == _NOTHING_KNOWN:
        return _render_record(shape.inner, constants=constants)
    tables = _render_tables(shape, known, constants=constants)
    return None if tables is None else f"synthgen_table({', '.join(tables)})"


def _render_record(shapes: tuple[Shape, ...], *, constants: tuple[int, ...]) -> str | None:
    codes = [_render_code(shape, _NOTHING_KNOWN, constants=constants) for shape in shapes]
    known = [code for code in codes if code is not None]
    return f"synthgen_record({', '.join(known)})" if known and len(known) == len(codes) else None


def _render_element_code(shape: Shape, known: Narrowing, *, constants: tuple[int, ...]) -> str | None:
    if not known.elements:
        return _render_code(shape, _NOTHING_KNOWN, constants=constants)
    name, conditions, test = _read_element_conditions(known)
    tables = _render_tables(shape, narrow(conditions, (name,))[name], constants=constants)
    if tables is None:
        return None
    return f"synthgen_table({', '.join(f'synthgen_keep({table}, lambda {name}: {test})' for table in tables)})"


def _render_element(shape: Shape, known: Narrowing, *, constants: tuple[int, ...]) -> str:
    if not known.elements:
        return _render_single(shape, constants=constants)
    name, conditions, test = _read_element_conditions(known)
    strategy = render_strategy(shape, narrow(conditions, (name,))[name], constants=constants)
    return f"synthgen_filter({strategy}, lambda {name}: {test})"


def _read_element_conditions(known: Narrowing) -> tuple[str, tuple[ast.expr, ...], str]:
    """The conditions on elements brought to one name, the first: `all(x > 0 for x in xs)` and `all(y < 9 for y in xs)`."""
    name = known.elements[0][0]
    conditions = tuple(condition for variable, condition in known.elements if variable == name)
    return name, conditions, " and ".join(f"({ast.unparse(condition)})" for condition in conditions)


def _render_text(known: Narrowing, sizes: str) -> str:
    alphabet = known.alphabet
    for name, condition in known.elements:
        character = narrow((condition,), (name,))[name]
        alphabet = alphabet or character.choices or character.alphabet
    return f"synthgen_text({'None' if alphabet is None else f'lambda: {alphabet}'}, {sizes})"


def _render_bounds(bounds: list[Bound]) -> str:
    return "[" + ", ".join(f"(lambda: {bound.text}, {bound.strict})" for bound in bounds) + "]"


def _explain_unsupported(parameter: Parameter) -> str:
    if parameter.kind == "variadic":
        return f"no strategy for the variadic parameter {parameter.name!r}"
    if parameter.annotation is None:
        return f"no strategy for parameter {parameter.name!r}: it has no annotation"
    try:
        written = ast.unparse(parameter.annotation)
    except (RecursionError, ValueError):
        written = "too deep to print"
    return f"no strategy for parameter {parameter.name!r}: the annotation {written!r} names no plain built-in type"
