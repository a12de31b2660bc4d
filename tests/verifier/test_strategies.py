"""Annotations and preconditions as strategies: the rendered text is run in this process with Hypothesis."""

import ast
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest

from verifier.shapes import read_shape, render_annotation
from verifier.shipped import read_shipped
from verifier.signature import find_entry_point
from verifier.strategies import Underivable, find_constants, render_arguments

QUIET = hypothesis.settings(
    max_examples=60, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)


def parse_annotation(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def draw_all(definition: str, *preconditions: str, constants: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """The arguments drawn for `def f(...)` under some preconditions, which are not assumed here."""
    entry = find_entry_point(ast.parse(f"{definition}: pass"), "f")
    assert entry is not None
    assert entry.parameters is not None
    pre = tuple(parse_annotation(text) for text in preconditions)
    source = render_arguments(entry.parameters, pre, constants=constants)
    assert isinstance(source, str), source
    namespace: dict[str, Any] = {}
    exec(read_shipped("draws") + source, namespace)
    seen: list[dict[str, Any]] = []

    @hypothesis.seed(0)
    @QUIET
    @hypothesis.given(namespace["synthgen_arguments"]())
    def collect(drawn: dict[str, Any]) -> None:
        seen.append(drawn)

    collect()
    return seen


@pytest.mark.parametrize(
    ("annotation", "is_of_type"),
    [
        ("int", lambda v: type(v) is int),
        ("float", lambda v: type(v) is float and abs(v) <= 1e6),
        ("bool", lambda v: type(v) is bool),
        ("str", lambda v: type(v) is str and len(v) <= 10),
        ("bytes", lambda v: type(v) is bytes),
        ("None", lambda v: v is None),
        ("list[int]", lambda v: type(v) is list and len(v) <= 10 and all(type(x) is int for x in v)),
        ("List[List[str]]", lambda v: type(v) is list and all(type(x) is list for x in v)),
        ("tuple[int, str]", lambda v: type(v) is tuple and type(v[0]) is int and type(v[1]) is str),
        ("Tuple[int, ...]", lambda v: type(v) is tuple and all(type(x) is int for x in v)),
        ("typing.Dict[str, int]", lambda v: type(v) is dict and all(type(k) is str for k in v)),
        ("set[int]", lambda v: type(v) is set),
        ("frozenset[str]", lambda v: type(v) is frozenset),
        ("Optional[int]", lambda v: v is None or type(v) is int),
        ("int | str | None", lambda v: v is None or type(v) in (int, str)),
        ("Union[int, list[int]]", lambda v: type(v) in (int, list)),
        ("Literal['a', -1]", lambda v: v in ("a", -1)),
        ("Sequence[int]", lambda v: type(v) is list),
        ("'list[int]'", lambda v: type(v) is list),
    ],
)
def test_every_supported_annotation_draws_values_of_its_type(
    annotation: str, is_of_type: Callable[[Any], bool]
) -> None:
    """A value of the annotated plain type comes out, and collections stay small."""
    drawn = draw_all(f"def f(x: {annotation})")
    assert len(drawn) > 0
    assert all(is_of_type(arguments["x"]) for arguments in drawn)


@pytest.mark.parametrize(
    "annotation", ["Any", "object", "Node", "list", "Callable[[int], int]", "set[list[int]]", "'1 +'"]
)
def test_an_annotation_that_names_no_plain_type_is_underivable(annotation: str) -> None:
    """The message names the parameter and what was written."""
    entry = find_entry_point(ast.parse(f"def f(node: {annotation}): pass"), "f")
    assert entry is not None
    refused = render_arguments(entry.parameters or (), ())
    assert isinstance(refused, Underivable)
    assert refused.detail.startswith("no strategy for parameter 'node': the annotation ")


def test_a_missing_annotation_is_underivable() -> None:
    """A parameter without annotation gets no invented type."""
    entry = find_entry_point(ast.parse("def f(xs): pass"), "f")
    assert entry is not None
    refused = render_arguments(entry.parameters or (), ())
    assert refused == Underivable(detail="no strategy for parameter 'xs': it has no annotation")


@pytest.mark.parametrize(
    ("definition", "preconditions"),
    [
        ("def f(n: int)", ("n >= 0",)),
        ("def f(n: int)", ("0 <= n <= 20",)),
        ("def f(n: int)", ("n > 100_000",)),
        ("def f(n: int)", ("3 < n and n < 5",)),
        ("def f(n: int)", ("n in (2, 3, 5)",)),
        ("def f(xs: list[int])", ("len(xs) > 0",)),
        ("def f(xs: list[int])", ("xs",)),
        ("def f(xs: list[int], k: int)", ("len(xs) >= k", "k > 0")),
        ("def f(xs: list[int], i: int)", ("0 <= i < len(xs)", "len(xs) > 0")),
        ("def f(i: int, xs: list[int])", ("0 <= i < len(xs)", "len(xs) > 0")),
        ("def f(lo: int, hi: int)", ("lo <= hi",)),
        ("def f(xs: list[int])", ("xs == sorted(xs)",)),
        ("def f(xs: list[int])", ("all(xs[i] <= xs[i + 1] for i in range(len(xs) - 1))",)),
        ("def f(xs: list[int])", ("len(set(xs)) == len(xs)",)),
        ("def f(xs: list[int], ys: list[int])", ("len(xs) == len(ys)",)),
        ("def f(xs: list[int])", ("all(x > 0 for x in xs)",)),
        ("def f(grid: list[list[int]])", ("all(0 <= x <= 9 for row in grid for x in row)",)),
        ("def f(xs: list[int], n: int)", ("all(x < n for x in xs)",)),
        ("def f(s: str)", ("s.isdigit()",)),
        ("def f(s: str)", ("all(c in 'ab' for c in s)", "len(s) == 3")),
        ("def f(table: dict[str, int], key: str)", ("key in table", "len(table) > 0")),
        ("def f(x: float)", ("0.0 <= x <= 1.0",)),
    ],
)
def test_recognised_preconditions_hold_for_every_drawn_value(definition: str, preconditions: tuple[str, ...]) -> None:
    """Narrowing draws values that satisfy the precondition at once, so none has to be thrown away."""
    drawn = draw_all(definition, *preconditions)
    assert len(drawn) > 0
    for arguments in drawn:
        for text in preconditions:
            assert eval(text, dict(arguments)), (text, arguments)


@pytest.mark.parametrize(
    "precondition", ["n % 7 == 3", "xs[n] == 0", "n == len(xs) + unrelated", "n < n", "len(n) > 2"]
)
def test_a_precondition_that_narrows_nothing_does_no_harm(precondition: str) -> None:
    """Conjuncts that are not understood, or make no sense, leave the strategies usable."""
    assert len(draw_all("def f(n: int, xs: list[int])", precondition)) > 0


def test_integers_are_small_often_and_tried_around_known_constants() -> None:
    """Duplicates, boundaries and the constants of the program occur among the drawn integers."""
    values = [arguments["n"] for arguments in draw_all("def f(n: int)", constants=(5_000,))]
    assert any(abs(value) <= 8 for value in values)
    assert {4_999, 5_000, 5_001} & set(values)


def test_constants_of_a_program_are_its_moderate_integers() -> None:
    """Booleans, zero, one, strings and huge numbers are no constants worth trying."""
    module = ast.parse("def f(n):\n    return n > 17 and n != 1 and True or n == 10 ** 99999999 or 12345678901\n")
    assert find_constants(module) == (-10, 10, -17, 17)


def test_a_shape_is_written_back_as_an_annotation_of_built_in_types() -> None:
    """What `typing` spells out comes back in built-in names, so it means the same in any namespace."""
    shape = read_shape(parse_annotation("Optional[Dict[str, Tuple[int, ...]]]"))
    assert shape is not None
    assert render_annotation(shape) == "dict[str, tuple[int, ...]] | None"
