"""The operations on single elements: what each computes, how it is written twice, and how it reads in English.

`code` and `reference` are two ways to write the same value; `{0:5}` asks for operand 0 at Python precedence level 5 or
tighter (see LEVELS), a bare `{0}` for an atom. `evaluate` is the third way, and the one that the examples rest on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from synthgen.engines.compositional.types import (
    BOOL,
    INT,
    STR,
    Type,
    annotation,
    hashable,
    list_of,
    orderable,
    tuple_of,
)

LEVELS = {"ternary": 0, "or": 1, "and": 2, "not": 3, "compare": 4, "add": 5, "multiply": 6, "unary": 7, "atom": 10}


@dataclass(frozen=True, slots=True)
class Role:
    """What a constant may be, and the parameter that may stand in its place.

    low and high bound the parameter by a precondition; names is empty where only a constant makes sense.
    """

    name: str
    type: Type
    literals: tuple[object, ...]
    names: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


THRESHOLD = Role("threshold", INT, tuple(range(-3, 16)), ("limit", "threshold", "cutoff", "bound"))
SIZE = Role("size", INT, (1, 2, 3, 4), ("limit", "length", "size_limit"), 0, 12)
MODULUS = Role("modulus", INT, (3, 4, 5, 6, 7, 9, 10), ("modulus", "divisor", "base"), 1, 12)
DIVISOR = Role("divisor", INT, (2, 3, 4, 5, 7, 10), ("divisor", "unit"), 1, 12)
REMAINDER = Role("remainder", INT, (1, 2), ())
ADDEND = Role("addend", INT, tuple(range(1, 13)), ("offset", "shift", "bonus", "extra", "delta"))
FACTOR = Role("factor", INT, (2, 3, 4, 5, 6, 8, 10), ("factor", "weight", "scale", "multiplier"))
TARGET = Role("target", INT, tuple(range(11)), ("target", "centre", "pivot", "baseline"))
FLOOR = Role("floor", INT, (-5, -2, 0, 1, 2), ("floor", "lowest", "minimum"))
CEILING = Role("ceiling", INT, (5, 8, 9, 10, 12), ("ceiling", "cap", "highest", "maximum"))
DEFAULT = Role("default", INT, (-1, 0, 1, 10), ("default", "fallback", "placeholder"))
COUNT = Role("count", INT, (1, 2, 3), ("count", "k", "amount"), 0, 10)
LETTER = Role("letter", STR, tuple("aeiostb"))
PREFIX = Role("prefix", STR, ("a", "b", "s", "t", "se", "st"), ("prefix", "start"))
SUFFIX = Role("suffix", STR, ("t", "e", "s", "te", "a"), ("suffix", "ending"))
MARK = Role("mark", STR, ("!", "-", "_", "*", "s", "."), ("tail", "marker"))


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """One operation on elements. repeats: an operand is written twice, so it must be a plain name."""

    name: str
    accepts: Callable[[Type], bool]
    gives: Callable[[Type], Type]
    evaluate: Callable[..., object]
    code: str
    level: int
    reference: str
    reference_level: int
    english: str
    negated: str = ""
    slug: str = ""
    roles: tuple[Role, ...] = ()
    repeats: bool = False
    weight: float = 1.0


def _is(kind: Type) -> Callable[[Type], bool]:
    return lambda given: given == kind


def _to(kind: Type) -> Callable[[Type], Type]:
    return lambda _: kind


def _is_list(given: Type) -> bool:
    return given.kind == "list"


def _is_hashable_list(given: Type) -> bool:
    return given.kind == "list" and hashable(given.item)


def _is_orderable_list(given: Type) -> bool:
    return given.kind == "list" and orderable(given.item)


def _is_pair(given: Type) -> bool:
    return given.kind == "tuple" and len(given.items) == 2


def _is_optional_integer(given: Type) -> bool:
    return given.kind == "optional" and given.item == INT


def _same(given: Type) -> Type:
    return given


def _swap(given: Type) -> Type:
    return tuple_of(given.items[1], given.items[0])


# fmt: off
def _on_integers() -> tuple[Scalar, ...]:
    integer, to_integer = _is(INT), _to(INT)
    return (
        Scalar("add", integer, to_integer, lambda x, k: x + k, "{0:5} + {1:6}", 5, "sum(({0:1}, {1:1}))", 10,
               "{0} plus {1}", slug="raised", roles=(ADDEND,)),
        Scalar("subtract", integer, to_integer, lambda x, k: x - k, "{0:5} - {1:6}", 5, "-({1:5} - {0:6})", 7,
               "{0} minus {1}", slug="lowered", roles=(ADDEND,)),
        Scalar("multiply", integer, to_integer, lambda x, k: x * k, "{0:6} * {1:7}", 6, "{1:6} * {0:7}", 6,
               "{1} times {0}", slug="scaled", roles=(FACTOR,), weight=1.5),
        Scalar("negate", integer, to_integer, lambda x: -x, "-{0:7}", 7, "0 - {0:6}", 5,
               "the negation of {0}", slug="negated", weight=0.5),
        Scalar("absolute", integer, to_integer, abs, "abs({0:1})", 10, "max({0:1}, -{0:7})", 10,
               "the absolute value of {0}", slug="absolute"),
        Scalar("square", integer, to_integer, lambda x: x * x, "{0} ** 2", 8, "{0:6} * {0:7}", 6,
               "the square of {0}", slug="squared"),
        Scalar("remainder", integer, to_integer, lambda x, k: x % k, "{0:6} % {1:7}", 6,
               "divmod({0:1}, {1:1})[1]", 10, "the remainder of {0} modulo {1}", slug="remainder", roles=(MODULUS,), weight=1.5),
        Scalar("quotient", integer, to_integer, lambda x, k: x // k, "{0:6} // {1:7}", 6,
               "divmod({0:1}, {1:1})[0]", 10, "{0} divided by {1} (rounded down)", slug="quotient", roles=(DIVISOR,)),
        Scalar("at_least", integer, to_integer, lambda x, k: max(x, k), "max({0:1}, {1:1})", 10,
               "sorted(({0:1}, {1:1}))[1]", 10, "the larger of {0} and {1}", slug="floored", roles=(FLOOR,)),
        Scalar("at_most", integer, to_integer, lambda x, k: min(x, k), "min({0:1}, {1:1})", 10,
               "sorted(({0:1}, {1:1}))[0]", 10, "the smaller of {0} and {1}", slug="capped", roles=(CEILING,)),
        Scalar("distance", integer, to_integer, lambda x, k: abs(x - k), "abs({0:5} - {1:6})", 10,
               "max({0:5} - {1:6}, {1:5} - {0:6})", 10, "the distance between {0} and {1}", slug="distance", roles=(TARGET,)),
        Scalar("digit_sum", integer, to_integer, lambda x: sum(int(digit) for digit in str(abs(x))),
               "sum(int(digit) for digit in str(abs({0:1})))", 10,
               "sum(\"0123456789\".index(mark) for mark in str({0:1}) if mark != \"-\")", 10,
               "the sum of the decimal digits of {0} (ignoring its sign)", slug="digit_sum"),
        Scalar("last_digit", integer, to_integer, lambda x: abs(x) % 10, "abs({0:1}) % 10", 6, "int(str({0:1})[-1])", 10,
               "the last decimal digit of {0}", slug="last_digit"),
        Scalar("digits", integer, to_integer, lambda x: len(str(abs(x))), "len(str(abs({0:1})))", 10,
               "sum(1 for mark in str({0:1}) if mark != \"-\")", 10,
               "the number of decimal digits in {0}", slug="digit_count", weight=0.7),
        Scalar("text", integer, _to(STR), str, "str({0:1})", 10, "\"%d\" % {0}", 6,
               "the decimal representation of {0}", slug="text", weight=0.7),
    )


def _on_integers_deciding() -> tuple[Scalar, ...]:
    integer, to_boolean = _is(INT), _to(BOOL)
    return (
        Scalar("even", integer, to_boolean, lambda x: x % 2 == 0, "{0:6} % 2 == 0", 4, "{0:6} // 2 * 2 == {0:5}", 4,
               "{0} is even", "{0} is odd", "even", weight=1.5),
        Scalar("odd", integer, to_boolean, lambda x: x % 2 == 1, "{0:6} % 2 == 1", 4, "{0:6} % 2 != 0", 4,
               "{0} is odd", "{0} is even", "odd", weight=1.2),
        Scalar("greater", integer, to_boolean, lambda x, k: x > k, "{0:5} > {1:5}", 4, "not {0:5} <= {1:5}", 3,
               "{0} is greater than {1}", "{0} is at most {1}", "large", (THRESHOLD,), weight=1.5),
        Scalar("at_least", integer, to_boolean, lambda x, k: x >= k, "{0:5} >= {1:5}", 4, "not {0:5} < {1:5}", 3,
               "{0} is at least {1}", "{0} is less than {1}", "large", (THRESHOLD,)),
        Scalar("less", integer, to_boolean, lambda x, k: x < k, "{0:5} < {1:5}", 4, "not {0:5} >= {1:5}", 3,
               "{0} is less than {1}", "{0} is at least {1}", "small", (THRESHOLD,), weight=1.5),
        Scalar("at_most", integer, to_boolean, lambda x, k: x <= k, "{0:5} <= {1:5}", 4, "not {0:5} > {1:5}", 3,
               "{0} is at most {1}", "{0} is greater than {1}", "small", (THRESHOLD,)),
        Scalar("differs", integer, to_boolean, lambda x, k: x != k, "{0:5} != {1:5}", 4, "not {0:5} == {1:5}", 3,
               "{0} is different from {1}", "{0} is equal to {1}", "other", (TARGET,), weight=0.5),
        Scalar("divisible", integer, to_boolean, lambda x, k: x % k == 0, "{0:6} % {1:7} == 0", 4,
               "{0:6} // {1:7} * {1:7} == {0:5}", 4,
               "{0} is divisible by {1}", "{0} is not divisible by {1}", "divisible", (MODULUS,), weight=1.5),
        Scalar("congruent", integer, to_boolean, lambda x, k, r: x % k == r, "{0:6} % {1:7} == {2:5}", 4,
               "divmod({0:1}, {1:1})[1] == {2:5}", 4, "{0} leaves remainder {2} modulo {1}",
               "{0} does not leave remainder {2} modulo {1}", "matching", (MODULUS, REMAINDER)),
        Scalar("positive", integer, to_boolean, lambda x: x > 0, "{0:5} > 0", 4, "{0:5} >= 1", 4,
               "{0} is positive", "{0} is zero or negative", "positive"),
        Scalar("negative", integer, to_boolean, lambda x: x < 0, "{0:5} < 0", 4, "0 > {0:5}", 4,
               "{0} is negative", "{0} is zero or positive", "negative", weight=0.7),
        Scalar("between", integer, to_boolean, lambda x, low, high: low <= x <= high, "{1:5} <= {0:5} <= {2:5}", 4,
               "not ({0:5} < {1:5} or {0:5} > {2:5})", 3, "{0} lies between {1} and {2} (both included)",
               "{0} lies outside the range from {1} to {2} (both included)", "in_range", (FLOOR, CEILING)),
        Scalar("single_digit", integer, to_boolean, lambda x: abs(x) < 10, "abs({0:1}) < 10", 4, "-10 < {0:5} < 10", 4,
               "{0} has a single decimal digit", "{0} has two or more decimal digits", "single_digit", weight=0.5),
    )


def _on_strings() -> tuple[Scalar, ...]:
    string, to_string, to_integer, to_boolean = _is(STR), _to(STR), _to(INT), _to(BOOL)
    return (
        Scalar("length", string, to_integer, len, "len({0:1})", 10, "sum(1 for _ in {0:1})", 10,
               "the length of {0}", slug="length", weight=3.0),
        Scalar("occurrences", string, to_integer, lambda s, c: s.count(c), "{0}.count({1:1})", 10,
               "sum(mark == {1:5} for mark in {0:1})", 10, "the number of occurrences of {1} in {0}", slug="occurrences", roles=(LETTER,)),
        Scalar("vowels", string, to_integer, lambda s: sum(c in "aeiou" for c in s),
               "sum(letter in \"aeiou\" for letter in {0:1})", 10,
               "len([mark for mark in {0:1} if mark == \"a\" or mark == \"e\" or mark == \"i\" or mark == \"o\" or mark == \"u\"])", 10,
               "the number of lowercase vowels (a, e, i, o, u) in {0}", slug="vowels", weight=1.2),
        Scalar("variety", string, to_integer, lambda s: len(set(s)), "len(set({0:1}))", 10, "len(dict.fromkeys({0:1}))", 10,
               "the number of distinct characters in {0}", slug="variety", weight=1.2),
        Scalar("head", string, to_string, lambda s: s[:1], "{0}[:1]", 10, "\"\".join(list({0:1})[:1])", 10,
               "the first character of {0} (the empty string if there is none)", slug="initial"),
        Scalar("tail", string, to_string, lambda s: s[-1:], "{0}[-1:]", 10, "\"\".join(list({0:1})[-1:])", 10,
               "the last character of {0} (the empty string if there is none)", slug="last_letter", weight=0.8),
        Scalar("reversed", string, to_string, lambda s: s[::-1], "{0}[::-1]", 10, "\"\".join(reversed({0:1}))", 10,
               "the reversal of {0}", slug="reversed"),
        Scalar("shortened", string, to_string, lambda s, k: s[:k], "{0}[:{1:1}]", 10,
               "\"\".join(mark for place, mark in enumerate({0:1}) if place < {1:5})", 10,
               "the first {1} characters of {0} (all of it if it is shorter)", slug="shortened", roles=(COUNT,)),
        Scalar("without_start", string, to_string, lambda s, k: s[k:], "{0}[{1:1}:]", 10,
               "\"\".join(mark for place, mark in enumerate({0:1}) if place >= {1:5})", 10,
               "what is left of {0} after dropping its first {1} characters", slug="trimmed", roles=(COUNT,)),
        Scalar("upper", string, to_string, str.upper, "{0}.upper()", 10, "\"\".join(mark.upper() for mark in {0:1})", 10,
               "the uppercase form of {0}", slug="upper"),
        Scalar("without", string, to_string, lambda s, c: s.replace(c, ""), "{0}.replace({1:1}, \"\")", 10,
               "\"\".join(mark for mark in {0:1} if mark != {1:5})", 10, "{0} with every {1} removed", slug="stripped", roles=(LETTER,)),
        Scalar("extended", string, to_string, lambda s, c: s + c, "{0:5} + {1:6}", 5, "\"\".join(({0:1}, {1:1}))", 10,
               "{0} followed by {1}", slug="extended", roles=(MARK,)),
        Scalar("doubled", string, to_string, lambda s: s + s, "{0:6} * 2", 6, "{0:5} + {0:6}", 5,
               "{0} written twice in a row", slug="doubled", weight=0.6),
        Scalar("starts", string, to_boolean, lambda s, p: s.startswith(p), "{0}.startswith({1:1})", 10,
               "{0}[:len({1:1})] == {1:5}", 4, "{0} starts with {1}", "{0} does not start with {1}", "prefixed", (PREFIX,)),
        Scalar("ends", string, to_boolean, lambda s, p: s.endswith(p), "{0}.endswith({1:1})", 10,
               "{0}[::-1][:len({1:1})] == {1}[::-1]", 4, "{0} ends with {1}", "{0} does not end with {1}", "suffixed", (SUFFIX,)),
        Scalar("contains", string, to_boolean, lambda s, c: c in s, "{1:5} in {0:5}", 4, "{0}.find({1:1}) >= 0", 4,
               "{0} contains {1}", "{0} does not contain {1}", "containing", (LETTER,), weight=1.2),
        Scalar("longer", string, to_boolean, lambda s, k: len(s) > k, "len({0:1}) > {1:5}", 4, "{0}[{1:1}:] != \"\"", 4,
               "{0} has more than {1} characters", "{0} has at most {1} characters", "long", (SIZE,), weight=1.5),
        Scalar("shorter", string, to_boolean, lambda s, k: len(s) <= k, "len({0:1}) <= {1:5}", 4, "{0}[:{1:1}] == {0:5}", 4,
               "{0} has at most {1} characters", "{0} has more than {1} characters", "short", (SIZE,), weight=1.2),
        Scalar("palindrome", string, to_boolean, lambda s: s == s[::-1], "{0} == {0}[::-1]", 4,
               "all({0}[place] == {0}[-1 - place] for place in range(len({0}) // 2))", 10,
               "{0} reads the same backwards", "{0} reads differently backwards", "palindromic", repeats=True),
        Scalar("same_ends", string, to_boolean, lambda s: s[:1] == s[-1:], "{0}[:1] == {0}[-1:]", 4,
               "not {0} or {0}[0] == {0}[len({0}) - 1]", 1, "{0} is empty or starts and ends with the same character",
               "{0} starts and ends with different characters", "balanced", repeats=True, weight=0.7),
        Scalar("has_repeat", string, to_boolean, lambda s: len(set(s)) < len(s), "len(set({0})) < len({0})", 4,
               "any({0}.count(mark) > 1 for mark in {0})", 10, "{0} contains some character more than once",
               "{0} contains no character more than once", "repetitive", repeats=True, weight=0.7),
    )


def _on_pairs() -> tuple[Scalar, ...]:
    pair, pair_of_integers = _is_pair, _is(tuple_of(INT, INT))
    to_integer, to_boolean = _to(INT), _to(BOOL)
    return (
        Scalar("first", pair, lambda t: t.items[0], lambda t: t[0], "{0}[0]", 10, "{0}[-2]", 10,
               "the first component of {0}", slug="first", weight=3.0),
        Scalar("second", pair, lambda t: t.items[1], lambda t: t[1], "{0}[1]", 10, "{0}[-1]", 10,
               "the second component of {0}", slug="second", weight=3.0),
        Scalar("swapped", pair, _swap, lambda t: (t[1], t[0]), "({0}[1], {0}[0])", 10, "{0}[::-1]", 10,
               "{0} with its components swapped", slug="swapped", repeats=True),
        Scalar("pair_sum", pair_of_integers, to_integer, sum, "{0}[0] + {0}[1]", 5, "sum({0:1})", 10,
               "the sum of the components of {0}", slug="total", repeats=True, weight=1.5),
        Scalar("pair_difference", pair_of_integers, to_integer, lambda t: t[0] - t[1], "{0}[0] - {0}[1]", 5, "-({0}[1] - {0}[0])", 7,
               "the first component of {0} minus the second component of {0}", slug="difference", repeats=True, weight=1.5),
        Scalar("pair_product", pair_of_integers, to_integer, lambda t: t[0] * t[1], "{0}[0] * {0}[1]", 6, "{0}[1] * {0}[0]", 6,
               "the product of the components of {0}", slug="product", repeats=True, weight=1.5),
        Scalar("pair_larger", pair_of_integers, to_integer, max, "max({0:1})", 10, "sorted({0:1})[1]", 10,
               "the larger component of {0}", slug="larger"),
        Scalar("pair_smaller", pair_of_integers, to_integer, min, "min({0:1})", 10, "sorted({0:1})[0]", 10,
               "the smaller component of {0}", slug="smaller"),
        Scalar("rising", lambda t: _is_pair(t) and t.items[0] == t.items[1] and orderable(t.items[0]), to_boolean,
               lambda t: t[0] < t[1], "{0}[0] < {0}[1]", 4, "not {0}[0] >= {0}[1]", 3,
               "{0} has a first component that is less than its second",
               "{0} has a first component that is not less than its second", "rising", repeats=True, weight=2.0),
        Scalar("unequal", lambda t: _is_pair(t) and t.items[0] == t.items[1], to_boolean,
               lambda t: t[0] != t[1], "{0}[0] != {0}[1]", 4, "not {0}[0] == {0}[1]", 3,
               "{0} has two different components", "{0} has two equal components", "mixed", repeats=True, weight=1.5),
    )


def _on_lists() -> tuple[Scalar, ...]:
    to_integer, to_boolean = _to(INT), _to(BOOL)
    integers = _is(list_of(INT))
    return (
        Scalar("size", _is_list, to_integer, len, "len({0:1})", 10, "sum(1 for _ in {0:1})", 10,
               "the length of {0}", slug="size", weight=2.0),
        Scalar("total", integers, to_integer, sum, "sum({0:1})", 10, "sum(reversed({0:1}))", 10,
               "the sum of {0} (0 if empty)", slug="sum", weight=3.0),
        Scalar("largest", integers, to_integer, lambda xs, d: max(xs, default=d), "max({0:1}, default={1:1})", 10,
               "(sorted({0:1}) or [{1:1}])[-1]", 10, "the largest value in {0} ({1} if it is empty)", slug="largest", roles=(DEFAULT,)),
        Scalar("smallest", integers, to_integer, lambda xs, d: min(xs, default=d), "min({0:1}, default={1:1})", 10,
               "(sorted({0:1}) or [{1:1}])[0]", 10, "the smallest value in {0} ({1} if it is empty)", slug="smallest", roles=(DEFAULT,)),
        Scalar("head", integers, to_integer, lambda xs, d: xs[0] if xs else d, "{0}[0] if {0} else {1:1}", 0,
               "({0:5} + [{1:1}])[0]", 10, "the first value of {0} ({1} if it is empty)", slug="first", roles=(DEFAULT,), repeats=True),
        Scalar("reversal", _is_list, _same, lambda xs: xs[::-1], "{0}[::-1]", 10, "list(reversed({0:1}))", 10,
               "{0} in reverse order", slug="reversed", weight=0.7),
        Scalar("ordered", _is_orderable_list, _same, sorted, "sorted({0:1})", 10, "sorted({0:1}, reverse=True)[::-1]", 10,
               "{0} in ascending order", slug="sorted"),
        Scalar("distinct", _is_hashable_list, to_integer, lambda xs: len(set(xs)), "len(set({0:1}))", 10,
               "len(dict.fromkeys({0:1}))", 10, "the number of distinct values in {0}", slug="distinct"),
        Scalar("filled", _is_list, to_boolean, bool, "len({0:1}) > 0", 4, "{0:5} != []", 4,
               "{0} is not empty", "{0} is empty", "nonempty"),
        Scalar("bigger", _is_list, to_boolean, lambda xs, k: len(xs) > k, "len({0:1}) > {1:5}", 4,
               "{0}[{1:1}:] != []", 4, "{0} has more than {1} elements", "{0} has at most {1} elements", "long", (SIZE,), weight=1.5),
        Scalar("ascending", integers, to_boolean, lambda xs: xs == sorted(xs), "{0} == sorted({0})", 4,
               "all({0}[place - 1] <= {0}[place] for place in range(1, len({0})))", 10,
               "{0} is in non-decreasing order", "{0} is not in non-decreasing order", "ordered", repeats=True),
        Scalar("joined", _is(list_of(STR)), _to(STR), "".join, "\"\".join({0:1})", 10, "\"\".join(mark for word in {0:1} for mark in word)", 10,
               "the concatenation of {0}", slug="joined", weight=1.5),
    )


def _on_optionals() -> tuple[Scalar, ...]:
    is_optional = _is_optional_integer
    return (
        Scalar("or_default", is_optional, _to(INT), lambda x, d: d if x is None else x, "{1:1} if {0} is None else {0}", 0,
               "({0} if {0} is not None else {1:1})", 10, "{0}, or {1} where it is `None`", slug="filled", roles=(DEFAULT,),
               repeats=True, weight=2.0),
        Scalar("present", is_optional, _to(BOOL), lambda x: x is not None, "{0} is not None", 4, "not {0} is None", 3,
               "{0} is not `None`", "{0} is `None`", "known"),
        Scalar("present_and_large", is_optional, _to(BOOL), lambda x, k: x is not None and x > k,
               "{0} is not None and {0} > {1:5}", 2, "not ({0} is None or {0} <= {1:5})", 3,
               "{0} is a number greater than {1}", "{0} is `None` or at most {1}", "large", (THRESHOLD,), repeats=True, weight=1.5),
    )
# fmt: on


SCALARS: tuple[Scalar, ...] = (
    *_on_integers(),
    *_on_integers_deciding(),
    *_on_strings(),
    *_on_pairs(),
    *_on_lists(),
    *_on_optionals(),
)


@cache
def scalars_on(kind: Type, gives: Type | None = None) -> tuple[Scalar, ...]:
    """The operations that take an element of this type, and give `gives` where it is named."""
    return tuple(
        scalar for scalar in SCALARS if scalar.accepts(kind) and (gives is None or scalar.gives(kind) == gives)
    )


def noun(kind: Type) -> str:
    """What one element of this type is called in a statement."""
    nouns = {"int": "number", "str": "string", "bool": "flag", "list": "list", "tuple": "pair", "optional": "entry"}
    return nouns.get(kind.kind, annotation(kind))
