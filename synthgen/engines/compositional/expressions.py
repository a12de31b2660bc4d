"""Functions of one element, as trees: evaluated, written in two dialects, and put into English."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from synthgen.engines.compositional.scalars import Scalar
from synthgen.engines.compositional.types import BOOL, INT, Type

Dialect = Literal["code", "reference"]
Environment = Mapping[str, object]
Function = Callable[[object, Environment], object]


@dataclass(frozen=True, slots=True)
class Element:
    """The element that the function is given."""

    type: Type


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal."""

    value: object
    type: Type


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the program; low and high are its precondition, where it needs one."""

    name: str
    type: Type
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation on operands."""

    scalar: Scalar
    operands: tuple["Expression", ...]
    type: Type


Expression = Element | Constant | Parameter | Apply


def _first(given: Type) -> Type:
    return given


def _connective(
    name: str,
    evaluate: Callable[..., object],
    code: str,
    level: int,
    reference: str,
    reference_level: int,
    english: str,
) -> Scalar:
    """An operation on values that are already there, whatever their type."""
    return Scalar(name, lambda _: True, _first, evaluate, code, level, reference, reference_level, english)


AND = _connective("and", lambda a, b: a and b, "{0:2} and {1:3}", 2, "all(({0:1}, {1:1}))", 10, "{0} and {1}")
OR = _connective("or", lambda a, b: a or b, "{0:1} or {1:2}", 1, "any(({0:1}, {1:1}))", 10, "{0} or {1}")
NOT = _connective("not", lambda a: not a, "not {0:3}", 3, "not {0:3}", 3, "it is not true that {0}")
PLUS = _connective("plus", lambda a, b: a + b, "{0:5} + {1:6}", 5, "sum(({1:1}, {0:1}))", 10, "{0} plus {1}")
MINUS = _connective("minus", lambda a, b: a - b, "{0:5} - {1:6}", 5, "-({1:5} - {0:6})", 7, "{0} minus {1}")
LARGER = _connective(
    "larger", max, "max({0:1}, {1:1})", 10, "sorted(({0:1}, {1:1}))[1]", 10, "the larger of {0} and {1}"
)
PAIR = _connective(
    "pair", lambda a, b: (a, b), "({0:1}, {1:1})", 10, "tuple([{0:1}, {1:1}])", 10, "the pair of {0} and {1}"
)
CHOOSE = _connective(
    "choose",
    lambda p, a, b: a if p else b,
    "{1:1} if {0:1} else {2:1}",
    0,
    "({2:1}, {1:1})[bool({0:1})]",
    10,
    "{1} if {0}, and {2} otherwise",
)


@dataclass(frozen=True, slots=True)
class Code:
    """Source text of an expression and the Python precedence level of its outermost operator."""

    text: str
    level: int = 10

    def __format__(self, spec: str) -> str:
        return self.text if self.level >= int(spec or 10) else f"({self.text})"

    def __str__(self) -> str:
        return self.text


def literal(value: object) -> Code:
    """A constant as source, strings in double quotes."""
    if isinstance(value, str):
        return Code('"' + repr("'" + value)[2:-1] + '"' if '"' not in value else repr(value))
    negative = isinstance(value, int) and value < 0
    return Code(repr(value), 7 if negative else 10)


@dataclass(frozen=True, slots=True)
class Function1:
    """A function of one element: its body, and the body compiled for the interpreter."""

    body: Expression
    call: Function = field(compare=False, repr=False)

    @property
    def type(self) -> Type:
        """The type of its result."""
        return self.body.type


def function(body: Expression) -> Function1:
    """The function with this body."""
    return Function1(body, compiled(body))


def compiled(body: Expression) -> Function:
    """The body as a closure over (element, parameters)."""
    if isinstance(body, Element):
        return lambda element, _: element
    if isinstance(body, Constant):
        value = body.value
        return lambda _, __: value
    if isinstance(body, Parameter):
        name = body.name
        return lambda _, environment: environment[name]
    evaluate, operands = body.scalar.evaluate, tuple(compiled(operand) for operand in body.operands)
    if len(operands) == 1:
        only = operands[0]
        return lambda element, environment: evaluate(only(element, environment))
    if len(operands) == 2:
        left, right = operands
        return lambda element, environment: evaluate(left(element, environment), right(element, environment))
    return lambda element, environment: evaluate(*[operand(element, environment) for operand in operands])


def written(body: Expression, element: Code, *, dialect: Dialect) -> Code:
    """The body as source, with `element` in the element's place."""
    if isinstance(body, Element):
        return element
    if isinstance(body, Constant):
        return literal(body.value)
    if isinstance(body, Parameter):
        return Code(body.name)
    operands = [written(operand, element, dialect=dialect) for operand in body.operands]
    scalar = body.scalar
    if dialect == "code":
        if scalar is NOT:
            return _denied(body.operands[0], element)
        return Code(scalar.code.format(*operands), scalar.level)
    return Code(scalar.reference.format(*operands), scalar.reference_level)


_OPPOSITES = (
    (" == ", " != "),
    (" != ", " == "),
    (" is not ", " is "),
    (" >= ", " < "),
    (" <= ", " > "),
    (" > ", " <= "),
    (" < ", " >= "),
    (" in ", " not in "),
)


def _denied(body: Expression, element: Code) -> Code:
    """The negation of a condition, with the comparison turned round rather than a `not` put before it."""
    if isinstance(body, Apply) and body.scalar.level == 4:
        operands = [written(operand, element, dialect="code") for operand in body.operands]
        for operator, opposite in _OPPOSITES:
            if body.scalar.code.count(operator) == 1:
                return Code(body.scalar.code.replace(operator, opposite).format(*operands), 4)
    return Code(f"not {written(body, element, dialect='code'):3}", 3)


def uses(body: Expression) -> int:
    """How often the element occurs in the body as it is written; an operation may write an operand twice."""
    if isinstance(body, Element):
        return 1
    if not isinstance(body, Apply):
        return 0
    return sum(uses(operand) for operand in body.operands) * (2 if body.scalar.repeats else 1)


def size(body: Expression) -> int:
    """The number of operations in the body."""
    return 1 + sum(size(operand) for operand in body.operands) if isinstance(body, Apply) else 0


def parameters_of(body: Expression) -> tuple[Parameter, ...]:
    """The parameters that the body reads."""
    if isinstance(body, Parameter):
        return (body,)
    if isinstance(body, Apply):
        return tuple(parameter for operand in body.operands for parameter in parameters_of(operand))
    return ()


def english(body: Expression, subject: str) -> str:
    """A noun phrase for the value, or a clause where it is a condition; `subject` names the element."""
    if isinstance(body, Element):
        return subject
    if isinstance(body, Constant):
        return str(body.value) if body.type == INT else f"`{literal(body.value)}`"
    if isinstance(body, Parameter):
        return f"`{body.name}`"
    scalar, operands = body.scalar, body.operands
    if scalar is NOT:
        inner = operands[0]
        if isinstance(inner, Apply) and inner.scalar.negated:
            return _phrase(inner.scalar.negated, inner, subject)
    return _phrase(scalar.english, body, subject)


# Phrases that would run into what stands around them: as operands they go into brackets.
_OPEN = {
    "pair_difference",
    "doubled",
    "and",
    "add",
    "subtract",
    "multiply",
    "quotient",
    "plus",
    "minus",
    "or_default",
    "extended",
    "choose",
    "or",
    "without",
}


def _operand(operand: Expression, subject: str, *, loose: bool, tight: bool) -> str:
    text = english(operand, subject)
    is_open = isinstance(operand, Apply) and (tight or operand.scalar.name in _OPEN)
    return f"({text})" if is_open and (not loose or operand.type == BOOL) else text


def _phrase(template: str, body: Apply, subject: str) -> str:
    loose = body.scalar in (AND, OR, CHOOSE, PAIR) or (body.type == BOOL and isinstance(body.operands[0], Apply))
    tight = body.scalar.name in _OPEN and body.scalar not in (OR, CHOOSE)
    phrases = [_operand(operand, subject, loose=loose, tight=tight) for operand in body.operands]
    text = template.format(*phrases)
    for phrase in phrases:
        if phrase == "1":
            text = text.replace("first 1 characters", "first character").replace(
                "than 1 characters", "than 1 character"
            )
            text = text.replace("most 1 characters", "most 1 character").replace("1 elements", "1 element")
    return _possessive(text) if subject == "it" else text


_OF_IT = re.compile(r"\bthe ((?:(?!the )[\w ])+?) of it\b(?! and)")


def _possessive(text: str) -> str:
    """`the length of it` becomes `its length`."""
    return _OF_IT.sub(r"its \1", text)


def relative(condition: Expression) -> str:
    """A condition as a relative clause: `that is even`, `whose length is at least 3`, `for which ...`."""
    parts = _parts(condition)
    clauses = [english(part, "it") for part in parts]
    joint = " or " if isinstance(condition, Apply) and condition.scalar is OR else " and "
    if len(parts) > 1 and any(" or " in clause or " and " in clause for clause in clauses):
        return "for which " + joint.join(clause if clause.startswith("(") else f"({clause})" for clause in clauses)
    if all(clause.startswith("it ") for clause in clauses):
        return "that " + joint.join(clause.removeprefix("it ") for clause in clauses)
    if all(clause.startswith("its ") for clause in clauses):
        return joint.join("whose " + clause.removeprefix("its ") for clause in clauses)
    return "for which " + joint.join(clauses)


def _parts(condition: Expression) -> tuple[Expression, ...]:
    if isinstance(condition, Apply) and condition.scalar in (AND, OR):
        return condition.operands
    return (condition,)


def is_condition(body: Expression) -> bool:
    """Whether the body decides something."""
    return body.type == BOOL


def slug(body: Expression) -> str:
    """A word or two for use in names; empty for a bare element."""
    if not isinstance(body, Apply):
        return ""
    if body.scalar in (AND, OR, PLUS, MINUS, LARGER, CHOOSE, NOT):
        return "" if body.scalar is NOT else slug(body.operands[0])
    return body.scalar.slug or slug(body.operands[0])
