"""Read preconditions for what they say of single values, so that generated inputs seldom have to be thrown away.

An optimisation, never trusted: every precondition is still assumed as a whole before the solution is called, so a
conjunct read wrongly costs examples but cannot change a verdict, and one not recognised is simply left to that.
"""

import ast
from dataclasses import dataclass, field

_ALPHABETS = {
    "isdigit": "0123456789",
    "isdecimal": "0123456789",
    "isnumeric": "0123456789",
    "isalpha": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "isalnum": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "islower": "abcdefghijklmnopqrstuvwxyz",
    "isupper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One side of a range: an expression over other values, as source."""

    text: str
    strict: bool


@dataclass(slots=True, kw_only=True)
class Narrowing:
    """What is known of one value. needs names the other parameters that must be drawn before it."""

    lower: list[Bound] = field(default_factory=list)
    upper: list[Bound] = field(default_factory=list)
    size_lower: list[Bound] = field(default_factory=list)
    size_upper: list[Bound] = field(default_factory=list)
    choices: str | None = None
    alphabet: str | None = None
    ordered: bool = False
    unique: bool = False
    elements: list[tuple[str, ast.expr]] = field(default_factory=list)
    needs: set[str] = field(default_factory=set)


def narrow(preconditions: tuple[ast.expr, ...], names: tuple[str, ...]) -> dict[str, Narrowing]:
    """What the preconditions say of each name, with dependencies between names free of cycles."""
    narrowings = {name: Narrowing() for name in names}
    for conjunct in _split_conjuncts(preconditions):
        _read_conjunct(conjunct, narrowings)
    return narrowings


def order_names(narrowings: dict[str, Narrowing]) -> list[str]:
    """The names, each after those it needs, otherwise in the given order."""
    ordered: list[str] = []
    while len(ordered) < len(narrowings):
        for name, narrowing in narrowings.items():
            if name not in ordered and narrowing.needs <= set(ordered):
                ordered.append(name)
                break
    return ordered


def _split_conjuncts(preconditions: tuple[ast.expr, ...]) -> list[ast.expr]:
    """`a and b` as a, b, and `0 <= n < 5` as `0 <= n`, `n < 5`."""
    pending = list(reversed(preconditions))
    conjuncts: list[ast.expr] = []
    while pending:
        match pending.pop():
            case ast.BoolOp(op=ast.And(), values=values):
                pending.extend(reversed(values))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = [left, *comparators]
                conjuncts.extend(
                    ast.Compare(left=sides[i], ops=[operator], comparators=[sides[i + 1]])
                    for i, operator in enumerate(ops)
                )
            case other:
                conjuncts.append(other)
    return conjuncts


def _read_conjunct(conjunct: ast.expr, narrowings: dict[str, Narrowing]) -> None:
    match conjunct:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            _read_comparison(left, operator, right, narrowings)
        case ast.Name(id=name) if name in narrowings:
            narrowings[name].size_lower.append(Bound(text="1", strict=False))
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=[]) if (
            name in narrowings and method in _ALPHABETS
        ):
            narrowings[name].alphabet = repr(_ALPHABETS[method])
            narrowings[name].size_lower.append(Bound(text="1", strict=False))
        case ast.Call(func=ast.Name(id="all"), args=[ast.GeneratorExp() | ast.ListComp() as comprehension]):
            _read_all(comprehension, narrowings)
        case _:
            pass


def _read_comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr, narrowings: dict[str, Narrowing]) -> None:
    if isinstance(operator, ast.In):
        if isinstance(left, ast.Name) and _may_need(left.id, right, narrowings):
            narrowings[left.id].choices = ast.unparse(right)
        return
    if isinstance(operator, ast.Eq) and (
        _read_pattern(left, right, narrowings) or _read_pattern(right, left, narrowings)
    ):
        return
    if type(operator) not in _MIRRORED:
        return
    mirrored = _MIRRORED[type(operator)]()
    sides = [(left, operator, right), (right, mirrored, left)]
    # A value is bounded before a size is: `len(xs) >= k` limits k, where the other way would ask for huge lists.
    # Of two equals the later parameter depends on the earlier one.
    positions = {name: position for position, name in enumerate(narrowings)}
    targets = [
        (size, -positions[name], name, sign, other)
        for side, sign, other in sides
        for name, size in _find_target(side)
        if name in narrowings
    ]
    for size, _, name, sign, other in sorted(targets, key=lambda target: target[:2]):
        if _may_need(name, other, narrowings):
            _add_bound(narrowings[name], sign, ast.unparse(other), size=size)
            return


def _find_target(side: ast.expr) -> list[tuple[str, int]]:
    """The name that a side of a comparison is, with 0 for its value or 1 for its size."""
    match side:
        case ast.Name(id=name):
            return [(name, 0)]
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
            return [(name, 1)]
        case _:
            return []


def _add_bound(narrowing: Narrowing, operator: ast.cmpop, text: str, *, size: int) -> None:
    lower, upper = (narrowing.size_lower, narrowing.size_upper) if size else (narrowing.lower, narrowing.upper)
    strict = isinstance(operator, ast.Lt | ast.Gt)
    if isinstance(operator, ast.Gt | ast.GtE | ast.Eq):
        lower.append(Bound(text=text, strict=strict))
    if isinstance(operator, ast.Lt | ast.LtE | ast.Eq):
        upper.append(Bound(text=text, strict=strict))


def _read_pattern(left: ast.expr, right: ast.expr, narrowings: dict[str, Narrowing]) -> bool:
    """`xs == sorted(xs)` and `len(xs) == len(set(xs))`."""
    match left, right:
        case (
            ast.Name(id=name) | ast.Call(func=ast.Name(id="list"), args=[ast.Name(id=name)]),
            ast.Call(func=ast.Name(id="sorted"), args=[ast.Name(id=again)], keywords=[]),
        ) if name == again and name in narrowings:
            narrowings[name].ordered = True
            return True
        case (
            ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]),
            ast.Call(func=ast.Name(id="len"), args=[ast.Call(func=ast.Name(id="set"), args=[ast.Name(id=again)])]),
        ) if name == again and name in narrowings:
            narrowings[name].unique = True
            return True
        case _:
            return False


def _read_all(comprehension: ast.GeneratorExp | ast.ListComp, narrowings: dict[str, Narrowing]) -> None:
    """`all(condition for x in xs)` narrows the elements of xs; neighbours in order make it sorted."""
    first, *rest = comprehension.generators
    if first.ifs or not isinstance(first.target, ast.Name):
        return
    condition: ast.expr = comprehension.elt
    if rest:
        inner = ast.GeneratorExp(elt=comprehension.elt, generators=rest)
        condition = ast.Call(func=ast.Name(id="all"), args=[inner], keywords=[])
    match first.iter:
        case ast.Name(id=name) if name in narrowings and _may_need(name, condition, narrowings):
            narrowings[name].elements.append((first.target.id, condition))
        case _:
            _read_neighbours(first.target.id, ast.unparse(first.iter), ast.unparse(condition), narrowings)


def _read_neighbours(index: str, iterated: str, condition: str, narrowings: dict[str, Narrowing]) -> None:
    for name, narrowing in narrowings.items():
        if iterated == f"range(len({name}) - 1)" and condition in (
            f"{name}[{index}] <= {name}[{index} + 1]",
            f"{name}[{index}] < {name}[{index} + 1]",
        ):
            narrowing.ordered = True
            narrowing.unique = narrowing.unique or "<=" not in condition


def _may_need(name: str, expression: ast.expr, narrowings: dict[str, Narrowing]) -> bool:
    """Note that `name` needs the parameters in `expression`, unless it would then wait for itself."""
    if name not in narrowings:
        return False
    needed = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)} & set(narrowings)
    reached, pending = set(needed), list(needed)
    while pending:
        for further in narrowings[pending.pop()].needs - reached:
            reached.add(further)
            pending.append(further)
    if name in reached:
        return False
    narrowings[name].needs |= needed
    return True
