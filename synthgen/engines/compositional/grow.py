"""Grow functions of one element at random, led by the types; parameters are declared as they are needed."""

import random
from functools import cache

from synthgen.engines.compositional.expressions import (
    AND,
    CHOOSE,
    LARGER,
    MINUS,
    NOT,
    OR,
    PAIR,
    PLUS,
    Apply,
    Constant,
    Element,
    Expression,
    Function1,
    Parameter,
    function,
    size,
)
from synthgen.engines.compositional.scalars import Role, Scalar, scalars_on
from synthgen.engines.compositional.types import BOOL, INT, STR, Type, tuple_of


class Scope:
    """The parameters declared so far for one program, and the generator that its choices come from."""

    def __init__(self, *, rng: random.Random) -> None:
        self.rng = rng
        self.parameters: list[Parameter] = []

    def declare(
        self, names: tuple[str, ...], kind: Type, *, low: int | None = None, high: int | None = None
    ) -> Parameter:
        """A new parameter under one of these names, numbered if all are taken."""
        taken = {parameter.name for parameter in self.parameters}
        free = [name for name in names if name not in taken]
        name = self.rng.choice(free) if free else f"{names[0]}_{len(taken) + 1}"
        parameter = Parameter(name, kind, low, high)
        self.parameters.append(parameter)
        return parameter

    def operand(self, role: Role) -> Expression:
        """A constant for this role or, now and then, a parameter; at most two such parameters a program."""
        extra = sum(parameter.type in (INT, STR) for parameter in self.parameters[1:])
        if role.names and extra < 2 and self.rng.random() < (0.3, 0.15)[extra]:
            return self.declare(role.names, role.type, low=role.low, high=role.high)
        return Constant(self.rng.choice(role.literals), role.type)


def pick(scalars: tuple[Scalar, ...], rng: random.Random) -> Scalar:
    """One of the operations, by weight."""
    return rng.choices(scalars, [scalar.weight for scalar in scalars])[0]


def apply(scalar: Scalar, operand: Expression, scope: Scope) -> Apply:
    """The operation on this operand, its other operands chosen."""
    extras = tuple(scope.operand(role) for role in scalar.roles)
    return Apply(scalar, (operand, *extras), scalar.gives(operand.type))


def _usable(kind: Type, gives: Type | None, operand: Expression, *, deciding: bool) -> tuple[Scalar, ...]:
    if isinstance(operand, Element):
        return _offered(kind, gives, "", deciding)
    return _offered(kind, gives, operand.scalar.name if isinstance(operand, Apply) else "?", deciding)


@cache
def _offered(kind: Type, gives: Type | None, last: str, deciding: bool) -> tuple[Scalar, ...]:  # noqa: FBT001 - a cache key
    """The operations that may follow operation `last`; empty for a bare element."""
    return tuple(
        scalar
        for scalar in scalars_on(kind, gives)
        if (scalar.gives(kind) == BOOL) == deciding
        and (not last or not scalar.repeats)
        and (scalar.name != last or scalar.name == "extended")
        and last not in _UNDONE.get(scalar.name, ())
    )


# fmt: off
# An operation that says nothing new after one of these.
_UNDONE: dict[str, tuple[str, ...]] = {
    "congruent": ("remainder", "last_digit", "digits"),
    "divisible": ("remainder", "last_digit", "digits"),
    "remainder": ("last_digit", "digits"),
    "between": ("last_digit", "digits", "remainder"),
    "negate": ("negate", "subtract", "add"),
    "square": ("absolute", "negate", "square", "multiply"),
    "multiply": ("square", "negate"),
    "subtract": ("add", "remainder"),
    "add": ("subtract",),
    "absolute": ("square", "distance", "length", "digit_sum", "last_digit", "digits", "remainder", "negate", "size"),
    "digit_sum": ("last_digit", "digits", "length", "negate", "absolute", "vowels", "occurrences", "variety", "size"),
    "digits": ("last_digit", "digit_sum", "length", "negate", "absolute", "vowels", "occurrences", "variety", "distinct"),
    "last_digit": ("digits", "negate", "absolute"),
    "text": ("digits", "last_digit", "length"),
    "single_digit": ("absolute", "distance", "last_digit", "digits", "length", "remainder", "size"),
    "negative": ("length", "absolute", "square", "digit_sum", "digits", "remainder", "last_digit", "vowels", "size", "distinct",
                 "occurrences", "variety", "distance"),
    "positive": ("digits", "negate", "square", "absolute"),
    "reversed": ("head", "tail", "doubled"),
    "head": ("tail", "shortened", "doubled", "extended"),
    "tail": ("head", "doubled", "extended"),
    "length": ("reversed", "upper", "doubled", "extended", "head", "tail", "shortened"),
    "longer": ("reversed", "upper", "head", "tail", "extended", "shortened"),
    "shorter": ("reversed", "upper", "head", "tail", "extended", "shortened"),
    "ends": ("extended", "head", "tail", "upper", "reversed"),
    "starts": ("upper", "tail", "head", "reversed"),
    "contains": ("upper", "reversed", "without", "head", "tail", "extended"),
    "without": ("upper", "head", "tail"),
    "shortened": ("head", "tail", "shortened"),
    "without_start": ("head", "tail"),
    "vowels": ("upper", "reversed", "doubled", "head", "tail"),
    "occurrences": ("upper", "reversed", "without", "head", "tail"),
    "variety": ("reversed", "doubled", "head", "tail"),
    "upper": ("upper",),
    "size": ("reversal", "ordered"),
    "total": ("reversal", "ordered"),
    "largest": ("reversal", "ordered"),
    "smallest": ("reversal", "ordered"),
    "distinct": ("reversal", "ordered"),
    "reversal": ("ordered",),
    "first": ("swapped",),
    "second": ("swapped",),
    "filled": ("reversal", "ordered"),
    "bigger": ("reversal", "ordered"),
    "joined": ("reversal",),
    "ordered": ("reversal",),
    "differs": ("square",),
    "even": ("multiply", "square", "absolute", "negate"),
    "odd": ("multiply", "square", "absolute", "negate"),
}
# fmt: on


def grow(kind: Type, scope: Scope, *, gives: Type | None, operations: int) -> Function1 | None:
    """A function from `kind` to `gives` (anything plain if None) with about this many operations, or None."""
    body = _grow(Element(kind), scope, gives=gives, operations=operations)
    return function(body) if body is not None and size(body) > 0 else None


def condition(kind: Type, scope: Scope, *, operations: int) -> Function1 | None:
    """A condition on an element with about this many operations, or None where the type offers none."""
    body = _decide(Element(kind), scope, operations=operations)
    return function(body) if body is not None else None


def _grow(start: Expression, scope: Scope, *, gives: Type | None, operations: int) -> Expression | None:
    rng, body = scope.rng, start
    if operations >= 3 and start.type.kind != "optional" and rng.random() < 0.5:
        branched = _branch(start, scope, gives=gives, operations=operations)
        if branched is not None:
            return branched
    for remaining in range(operations, 0, -1):
        usable = _usable(body.type, gives if remaining == 1 else None, body, deciding=False)
        if not usable and gives is not None:
            usable = _usable(body.type, gives, body, deciding=False)
        if not usable:
            break
        body = apply(pick(usable, rng), body, scope)
        if gives is not None and body.type == gives and rng.random() < 0.3:
            return body
    return body if gives is None or body.type == gives else None


def _branch(start: Expression, scope: Scope, *, gives: Type | None, operations: int) -> Expression | None:
    """Two functions of the same element brought together: by arithmetic, as a pair, or by a condition."""
    rng, half = scope.rng, max(1, (operations - 1) // 2)
    shape = rng.choice(("arithmetic", "pair", "choose", "choose"))
    wanted = INT if shape == "arithmetic" else gives
    if shape == "arithmetic" and gives not in (None, INT):
        return None
    if shape == "pair" and gives is not None:
        return None
    left = _grow(start, scope, gives=wanted, operations=half)
    if left is None or left == start:
        return None
    right_type = None if shape == "pair" else left.type
    right = _grow(start, scope, gives=right_type, operations=half)
    if right is None and start.type == left.type:
        right = start
    if right is None or right == left or (shape == "pair" and right.type.kind in ("list", "tuple")):
        return None
    if shape == "pair":
        return (
            None if left.type.kind in ("list", "tuple") else Apply(PAIR, (left, right), tuple_of(left.type, right.type))
        )
    if shape == "arithmetic":
        return Apply(rng.choice((PLUS, MINUS, LARGER)), (left, right), INT)
    test = _decide(start, scope, operations=1)
    return None if test is None else Apply(CHOOSE, (test, left, right), left.type)


def _decide(start: Expression, scope: Scope, *, operations: int) -> Expression | None:
    rng = scope.rng
    if operations >= 2 and rng.random() < 0.35:
        left = _decide(start, scope, operations=operations - 1)
        right = _decide(start, scope, operations=1)
        if left is None or right is None or _clash(left, right):
            return left
        return Apply(rng.choice((AND, OR)), (left, right), BOOL)
    if start.type == BOOL:
        return start
    body = start
    if operations >= 2 or not _usable(start.type, BOOL, start, deciding=True):
        for _ in range(rng.randint(1, max(1, operations - 1))):
            usable = tuple(
                scalar
                for scalar in _usable(body.type, None, body, deciding=False)
                if scalar.gives(body.type).kind in ("int", "str")
            )
            if usable:
                body = apply(pick(usable, rng), body, scope)
    usable = _usable(body.type, BOOL, body, deciding=True)
    if not usable:
        return None
    decided = apply(pick(usable, rng), body, scope)
    return Apply(NOT, (decided,), BOOL) if rng.random() < 0.12 and decided.scalar.negated else decided


def _clash(left: Expression, right: Expression) -> bool:
    """Whether the two conditions ask the same question, so that joining them would look careless."""
    names = [_question(side) for side in (left, right)]
    return bool(names[0] & names[1])


_KIN = {
    "odd": "even",
    "at_least": "greater",
    "less": "greater",
    "at_most": "greater",
    "shorter": "longer",
    "negative": "greater",
    "positive": "greater",
    "congruent": "divisible",
    "between": "greater",
    "single_digit": "greater",
    "present_and_large": "present",
    "unequal": "rising",
}


def _question(side: Expression) -> set[str]:
    if not isinstance(side, Apply):
        return set()
    if side.scalar in (AND, OR, NOT):
        return {name for operand in side.operands for name in _question(operand)}
    return {_KIN.get(side.scalar.name, side.scalar.name)}
