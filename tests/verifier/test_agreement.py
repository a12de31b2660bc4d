"""When two answers are the same answer."""

import math
from typing import Any

import pytest

from verifier.agreement import synthgen_observe, synthgen_same


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1),
        (0.1 + 0.2, 0.3),
        (math.nan, math.nan),
        (-0.0, 0.0),
        (math.inf, math.inf),
        ([1, (2, {"a": {3}})], [1, (2, {"a": {3}})]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_equal_answers_agree(left: Any, right: Any) -> None:
    """Rounding, the sign of zero and the order of a dict make no difference."""
    assert synthgen_same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, True),
        (1, 1.0),
        ([1], (1,)),
        ({1}, {True}),
        ({1: 0}, {True: 0}),
        ([1], [1, 2]),
        ("a", b"a"),
        (1.0, 1.1),
        (None, 0),
    ],
)
def test_answers_of_other_types_or_values_differ(left: Any, right: Any) -> None:
    """What Python calls equal across types is not the same answer."""
    assert not synthgen_same(left, right)


def test_an_observation_keeps_the_drawn_arguments_intact() -> None:
    """A call may change its copy; what it changed is part of what is observed."""
    drawn = {"xs": [3, 1]}
    assert synthgen_observe(lambda given: given["xs"].sort(), drawn) == ("returned", None, {"xs": [1, 3]})
    assert drawn == {"xs": [3, 1]}


def test_exceptions_are_observed_by_type() -> None:
    """Messages differ between honest programs; types should not."""
    assert synthgen_observe(lambda given: given["k"], {}) == ("raised", "KeyError")
