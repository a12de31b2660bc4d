"""The edits that make a realistic fault: each a span of the source, what to put there, and a label."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from synthgen.engines.compositional.terms import Program


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a span of the source, as 0-based character offsets."""

    start: int
    end: int
    text: str
    label: str


def edits_of(source: str, name: str, program: Program) -> Iterator[Edit]:
    """Every edit that some operator offers, in source order."""
    tree = ast.parse(source)
    places = _Places(source)
    for node in ast.walk(tree):
        yield from _comparisons(node, places)
        yield from _constants(node, places)
        yield from _operators(node, places)
        yield from _filters(node, places)
        yield from _calls(node, places)
        yield from _loops(node, places)
    yield from _returns(tree, name, program, places)


class _Places:
    """Line and column to offset; our sources are ASCII, so columns in bytes are columns in characters."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.starts = [0]
        for line in source.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where the node begins and ends."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[end_line - 1] + end_column

    def text(self, node: ast.expr | ast.stmt) -> str:
        """The node's source."""
        start, end = self.span(node)
        return self.source[start:end]

    def replace(self, node: ast.expr | ast.stmt, text: str, label: str) -> Edit:
        """The edit that puts `text` in the node's place."""
        return Edit(*self.span(node), text, label)


_NEIGHBOURS: dict[type[ast.cmpop], tuple[str, str, str]] = {
    ast.Lt: ("<", "<=", ">"),
    ast.LtE: ("<=", "<", ">="),
    ast.Gt: (">", ">=", "<"),
    ast.GtE: (">=", ">", "<="),
    ast.Eq: ("==", "!=", "!="),
    ast.NotEq: ("!=", "==", "=="),
    ast.In: ("in", "not in", "not in"),
    ast.NotIn: ("not in", "in", "in"),
    ast.Is: ("is", "is not", "is not"),
    ast.IsNot: ("is not", "is", "is"),
}


def _comparisons(node: ast.AST, places: _Places) -> Iterator[Edit]:
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    left, right = places.text(node.left), places.text(node.comparators[0])
    _, near, far = _NEIGHBOURS[type(node.ops[0])]
    yield places.replace(
        node, f"{left} {near} {right}", "boundary" if near in ("<", "<=", ">", ">=") else "wrong_comparison"
    )
    if far != near:
        yield places.replace(node, f"{left} {far} {right}", "wrong_comparison")


def _constants(node: ast.AST, places: _Places) -> Iterator[Edit]:
    if (
        isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and type(node.value.value) in (int, bool)
    ):
        value = node.value.value
        changed = repr(not value) if isinstance(value, bool) else str(1 if value == 0 else 0)
        yield places.replace(node.value, changed, "wrong_initial_value")
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return
    if isinstance(node.value, int):
        yield places.replace(node, str(node.value + 1), "off_by_one")
        if node.value > 1:
            yield places.replace(node, str(node.value - 1), "off_by_one")
            yield places.replace(node, str(node.value + 3), "wrong_constant")
    elif isinstance(node.value, str) and 0 < len(node.value) <= 2 and node.value != "b":
        yield places.replace(node, '"b"' if node.value != "b" else '"a"', "wrong_constant")


_SWAPPED: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "+",
    ast.FloorDiv: "%",
    ast.Mod: "//",
    ast.Pow: "*",
}


def _operators(node: ast.AST, places: _Places) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp) and type(node.op) in _SWAPPED:
        left, right = places.text(node.left), places.text(node.right)
        joined = f"{_grouped(node.left, left)} {_SWAPPED[type(node.op)]} {_grouped(node.right, right)}"
        yield places.replace(node, f"({joined})", "wrong_operator")
        if isinstance(node.op, ast.Sub | ast.FloorDiv | ast.Mod):
            operator = {ast.Sub: "-", ast.FloorDiv: "//", ast.Mod: "%"}[type(node.op)]
            yield places.replace(
                node, f"({_grouped(node.right, right)} {operator} {_grouped(node.left, left)})", "swapped_arguments"
            )
    if isinstance(node, ast.BoolOp):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield places.replace(
            node,
            "(" + word.join(_grouped(value, places.text(value)) for value in node.values) + ")",
            "wrong_connective",
        )
    if isinstance(node, ast.IfExp):
        yield places.replace(
            node,
            f"{places.text(node.orelse)} if {places.text(node.test)} else {places.text(node.body)}",
            "swapped_branches",
        )
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        target, value = places.text(node.target), places.text(node.value)
        yield places.replace(node, f"{target} -= {value}", "wrong_operator")
        yield places.replace(node, f"{target} = {value}", "forgets_what_came_before")
    if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.ctx, ast.Load):
        text = places.text(node)
        if text.startswith("("):
            yield places.replace(
                node, f"({places.text(node.elts[1])}, {places.text(node.elts[0])})", "swapped_components"
            )


def _grouped(node: ast.expr, text: str) -> str:
    return text if isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Subscript | ast.Attribute) else f"({text})"


def _filters(node: ast.AST, places: _Places) -> Iterator[Edit]:
    if isinstance(node, ast.comprehension) and node.ifs:
        test = node.ifs[0]
        start, end = places.span(test)
        head = places.source.rindex(" if ", 0, start + 1)
        yield Edit(head, end, "", "dropped_filter")
        yield Edit(start, end, f"not ({places.text(test)})", "inverted_filter")
    if isinstance(node, ast.If) and not node.orelse:
        yield places.replace(node.test, f"not ({places.text(node.test)})", "inverted_condition")
        if not isinstance(node.body[-1], ast.Return | ast.Continue | ast.Break):
            yield places.replace(node.test, "True", "dropped_condition")
    if (
        isinstance(node, ast.For)
        and len(node.body) == 1
        and isinstance(node.body[0], ast.If)
        and not node.body[0].orelse
    ):
        inner = node.body[0]
        if not isinstance(inner.body[-1], ast.Return | ast.Break):
            indent = " " * node.body[0].col_offset
            start, end = places.span(inner)
            text = places.source[start:end] + f"\n{indent}else:\n{indent}    break"
            yield Edit(start, end, text, "stops_too_early")


def _calls(node: ast.AST, places: _Places) -> Iterator[Edit]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield from _named_calls(node, node.func, places)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TWINS:
        _start, end = places.span(node.func)
        yield Edit(end - len(node.func.attr), end, _TWINS[node.func.attr], "wrong_method")
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        part = node.slice
        if part.lower is not None:
            yield places.replace(part.lower, f"{places.text(part.lower)} + 1", "off_by_one")
        if part.upper is not None:
            yield places.replace(part.upper, f"{places.text(part.upper)} + 1", "off_by_one")
        if part.step is not None and places.text(part.step) == "-1":
            yield places.replace(node, places.text(node.value), "missing_reversal")
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in (0, 1):
        yield places.replace(node.slice, "0" if node.slice.value else "1", "wrong_component")


_TWINS = {"startswith": "endswith", "endswith": "startswith", "upper": "lower", "keys": "values", "values": "keys"}
_OTHERS = {"min": "max", "max": "min", "any": "all", "all": "any"}


def _named_calls(node: ast.Call, function: ast.Name, places: _Places) -> Iterator[Edit]:
    name = function.id
    if name in _OTHERS:
        yield places.replace(function, _OTHERS[name], "wrong_function")
    if name == "abs" and len(node.args) == 1:
        yield places.replace(node, f"({places.text(node.args[0])})", "missing_absolute_value")
    if name == "sorted":
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if "reverse" in keywords:
            yield places.replace(keywords["reverse"], f"not {places.text(keywords['reverse'])}", "wrong_sort_direction")
        else:
            _start, _end = places.span(node)
            bare = len(node.args) == 1 and not node.keywords
            inner = (
                f"({places.text(node.args[0])})"
                if isinstance(node.args[0], ast.GeneratorExp)
                else places.text(node.args[0])
            )
            rest = "".join(f", {keyword.arg}={places.text(keyword.value)}" for keyword in node.keywords)
            yield places.replace(node, f"sorted({inner}{rest}, reverse=True)", "wrong_sort_direction")
            if bare:
                yield places.replace(node, f"list({places.text(node.args[0])})", "missing_sort")
        if "key" in keywords:
            kept = "".join(
                f", {keyword.arg}={places.text(keyword.value)}" for keyword in node.keywords if keyword.arg != "key"
            )
            inner = places.text(node.args[0])
            yield places.replace(node, f"sorted({inner}{kept})", "wrong_sort_key")
    if name == "set" and len(node.args) == 1:
        yield places.replace(function, "list", "counts_duplicates")
    if name == "dict" and len(node.args) == 1:
        yield places.replace(function, "list", "wrong_container")
    if name in ("range", "enumerate") and node.args and name == "range":
        last = node.args[1] if len(node.args) > 1 else node.args[0]
        yield places.replace(last, f"{places.text(last)} - 1", "off_by_one")
    if name == "list" and len(node.args) == 1 and "fromkeys" in places.text(node.args[0]):
        yield places.replace(node, f"sorted({places.text(node.args[0])})", "loses_order")
        yield places.replace(
            node, f"list({places.text(node.args[0]).replace('dict.fromkeys(', '(', 1)})", "keeps_duplicates"
        )


def _loops(node: ast.AST, places: _Places) -> Iterator[Edit]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from _appends(node, node.value, places)
    if isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Name):
        yield places.replace(node.iter, f"{node.iter.id}[1:]", "skips_the_first")
        yield places.replace(node.iter, f"{node.iter.id}[:-1]", "skips_the_last")
    if isinstance(node, ast.For) and isinstance(node.iter, ast.Name) and isinstance(node.target, ast.Name):
        indent, data = " " * node.col_offset, node.iter.id
        body = places.text(node).split("\n", 1)[1]
        head = f"index = 0\n{indent}while index < len({data}):\n{indent}    {node.target.id} = {data}[index]\n"
        yield places.replace(node, head + body, "infinite_loop")


def _appends(node: ast.Expr, call: ast.Call, places: _Places) -> Iterator[Edit]:
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "append" and call.args):
        return
    target, value = places.text(call.func.value), places.text(call.args[0])
    if "[" in target or "(" in target:
        return
    inner = " " * (node.col_offset + 4)
    yield places.replace(node, f"if {value} not in {target}:\n{inner}{target}.append({value})", "swallows_duplicates")
    yield places.replace(node, f"{target}.insert(0, {value})", "wrong_order")


def _returns(tree: ast.Module, name: str, program: Program, places: _Places) -> Iterator[Edit]:
    entry = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    last = entry.body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return
    value = places.text(last.value)
    data = program.parameters[0]
    yield places.replace(last, f"if {value}:\n        return {value}\n    return None", "none_for_falsy")
    if data.type.kind in ("list", "str", "dict", "set"):
        yield places.replace(
            last, f"if len({data.name}) < 2:\n        return None\n    return {value}", "none_on_short_input"
        )
        yield places.replace(
            last,
            f'if not {data.name}:\n        raise ValueError("{data.name} must not be empty")\n    return {value}',
            "raises_on_empty",
        )
    if isinstance(last.value, ast.ListComp):
        yield places.replace(last.value, f"({value[1:-1]})", "lazy_result")
    if program.type.kind == "list":
        yield places.replace(last.value, f"{_grouped(last.value, value)}[::-1]", "wrong_order")
        yield places.replace(
            last.value,
            f"sorted(set({value}))" if program.type.item.kind in ("int", "str") else value,
            "swallows_duplicates",
        )
    if program.type.kind == "int":
        yield places.replace(last.value, f"{_grouped(last.value, value)} + 1", "off_by_one")
