"""How arguments are drawn, for generated test modules: shipped into the sandbox as text, never imported by the host.

Every name starts with `synthgen_`, so that no parameter of a sample can shadow one. A bound is a pair of a thunk over the
parameters drawn before and whether it is strict; a thunk that raises or gives no number bounds nothing, because the
precondition itself is assumed afterwards anyway.
"""

import math as synthgen_math
from collections.abc import Callable as SynthgenCallable
from itertools import islice as synthgen_islice
from typing import Any as SynthgenAny

from hypothesis import assume as synthgen_assume
from hypothesis import strategies as synthgen_st

SynthgenBounds = list[tuple[SynthgenCallable[[], SynthgenAny], bool]]
SynthgenStrategy = synthgen_st.SearchStrategy[SynthgenAny]

# Values beyond these come only where a precondition asks for them: loops over an argument stay short.
SYNTHGEN_WIDE = 10_000
SYNTHGEN_NEAR = 8
SYNTHGEN_FLOAT_WIDE = 1e6
SYNTHGEN_SPARE_SIZE = 10
SYNTHGEN_LARGEST_SIZE = 1_000


def synthgen_attempt(thunk: SynthgenCallable[[], SynthgenAny]) -> SynthgenAny:
    """What `thunk` gives, None where it raises: expressions of a sample may not fit the values drawn."""
    try:
        return thunk()
    except Exception:  # any of them: the expression says nothing about these values
        return None


def synthgen_bound_values(bounds: SynthgenBounds) -> list[tuple[float, bool]]:
    """The bounds that hold a number, each with its strictness."""
    attempted = [(synthgen_attempt(thunk), strict) for thunk, strict in bounds]
    return [(v, strict) for v, strict in attempted if type(v) in (int, float) and -1e300 < v < 1e300]


def synthgen_lowest(bounds: SynthgenBounds) -> int | None:
    """The smallest integer that all lower bounds allow."""
    values = synthgen_bound_values(bounds)
    return max((synthgen_math.floor(v) + 1 if strict else synthgen_math.ceil(v) for v, strict in values), default=None)


def synthgen_highest(bounds: SynthgenBounds) -> int | None:
    """The largest integer that all upper bounds allow."""
    values = synthgen_bound_values(bounds)
    return min((synthgen_math.ceil(v) - 1 if strict else synthgen_math.floor(v) for v, strict in values), default=None)


def synthgen_integers(
    lower: SynthgenBounds, upper: SynthgenBounds, constants: tuple[int, ...] = ()
) -> SynthgenStrategy:
    """Integers within the bounds: near zero (or near the bound closest to it), wide, and around known constants."""
    low, high = synthgen_lowest(lower), synthgen_highest(upper)
    if low is None:
        low = -SYNTHGEN_WIDE if high is None else min(-SYNTHGEN_WIDE, high - SYNTHGEN_WIDE)
    if high is None:
        high = max(SYNTHGEN_WIDE, low + SYNTHGEN_WIDE)
    synthgen_assume(low <= high)
    centre = min(max(0, low), high)
    near = {*range(max(low, centre - SYNTHGEN_NEAR), min(high, centre + SYNTHGEN_NEAR) + 1)}
    known = {value + shift for value in constants for shift in (-1, 0, 1) if low <= value + shift <= high}
    # One choice among all of them, simplest first because Hypothesis shrinks towards the first.
    likely = sorted(near | known, key=lambda value: (abs(value - centre), value < centre))
    return synthgen_st.one_of(synthgen_st.sampled_from(likely), synthgen_st.integers(low, high))


def synthgen_floats(lower: SynthgenBounds, upper: SynthgenBounds) -> SynthgenStrategy:
    """Finite floats within the bounds; neither NaN nor an infinity unless a test asks for them itself."""
    low = max((float(value) for value, _ in synthgen_bound_values(lower)), default=None)
    high = min((float(value) for value, _ in synthgen_bound_values(upper)), default=None)
    if low is None:
        low = -SYNTHGEN_FLOAT_WIDE if high is None else min(-SYNTHGEN_FLOAT_WIDE, high - SYNTHGEN_FLOAT_WIDE)
    if high is None:
        high = max(SYNTHGEN_FLOAT_WIDE, low + SYNTHGEN_FLOAT_WIDE)
    synthgen_assume(low <= high)
    return synthgen_st.floats(low, high, allow_nan=False, allow_infinity=False)


def synthgen_sizes(lower: SynthgenBounds, upper: SynthgenBounds) -> dict[str, SynthgenAny]:
    """min_size and max_size for a collection: ten elements more than it must have, unless bounded."""
    low = max(0, synthgen_lowest(lower) or 0)
    high = synthgen_highest(upper)
    high = low + SYNTHGEN_SPARE_SIZE if high is None else min(high, low + 2 * SYNTHGEN_SPARE_SIZE)
    synthgen_assume(low <= high and low <= SYNTHGEN_LARGEST_SIZE)
    return {"min_size": low, "max_size": high}


def synthgen_lists(
    element: SynthgenStrategy, lower: SynthgenBounds, upper: SynthgenBounds, *, unique: bool = False
) -> SynthgenStrategy:
    """Lists of `element` within the size bounds."""
    return synthgen_st.lists(element, unique_by=repr if unique else None, **synthgen_sizes(lower, upper))


def synthgen_text(
    alphabet: SynthgenCallable[[], SynthgenAny] | None, lower: SynthgenBounds, upper: SynthgenBounds
) -> SynthgenStrategy:
    """Text over the alphabet if one is known, else half of it from few plain characters and half from all of Unicode."""
    sizes = synthgen_sizes(lower, upper)
    if alphabet is not None:
        characters = synthgen_attempt(lambda: set(alphabet())) or set()
        letters = sorted(letter for letter in characters if isinstance(letter, str) and len(letter) == 1)
        if letters:
            return synthgen_st.text(letters, **sizes)
    return synthgen_st.one_of(synthgen_st.text("abAB01 .,-", **sizes), synthgen_st.text(**sizes))


def synthgen_choose(choices: SynthgenCallable[[], SynthgenAny]) -> SynthgenStrategy:
    """One member of a collection, in an order that no hash seed changes."""
    members = synthgen_attempt(lambda: list(synthgen_islice(choices(), SYNTHGEN_LARGEST_SIZE))) or []
    synthgen_assume(members)
    return synthgen_st.sampled_from(sorted(members, key=repr))


def synthgen_filter(
    strategy: SynthgenStrategy, condition: SynthgenCallable[[SynthgenAny], SynthgenAny]
) -> SynthgenStrategy:
    """The values of `strategy` for which `condition` holds; one that raises does not hold."""
    return strategy.filter(lambda value: synthgen_holds(lambda: condition(value)))


def synthgen_holds(condition: SynthgenCallable[[], SynthgenAny]) -> bool:
    """Whether a precondition holds; one that raises does not."""
    return bool(synthgen_attempt(lambda: bool(condition())))
