"""How arguments are drawn, for generated test modules: shipped into the sandbox as text, never imported by the host.

Every name starts with `synthgen_`, so that no parameter of a sample can shadow one. A bound is a pair of a thunk over the
parameters drawn before and whether it is strict; a thunk that raises or gives no number bounds nothing, because the
precondition itself is assumed afterwards anyway.

Hypothesis pays for every single choice, some 0.1 ms each, so a collection of simple values is drawn as one choice: a
string of bytes, each of which picks a value from a table with the simplest first. Bytes shrink towards fewer and
smaller ones, hence to shorter collections of simpler values.
"""

import math as synthgen_math
from collections.abc import Callable as SynthgenCallable
from collections.abc import Iterator as SynthgenIterator
from itertools import islice as synthgen_islice
from random import Random as SynthgenRandom
from typing import Any as SynthgenAny

from hypothesis import assume as synthgen_assume
from hypothesis import strategies as synthgen_st

SynthgenBounds = list[tuple[SynthgenCallable[[], SynthgenAny], bool]]
SynthgenStrategy = synthgen_st.SearchStrategy[SynthgenAny]
# How many bytes write one value, and how it is read from them.
SynthgenCode = tuple[int, SynthgenCallable[[SynthgenIterator[int]], SynthgenAny]]

# Values beyond these come only where a precondition asks for them: loops over an argument stay short.
SYNTHGEN_WIDE = 10_000
SYNTHGEN_NEAR = 8
SYNTHGEN_FLOAT_WIDE = 1e6
SYNTHGEN_SPARE_SIZE = 10
SYNTHGEN_LARGEST_SIZE = 1_000
SYNTHGEN_TABLE_SIZE = 256
SYNTHGEN_FAR_VALUES = 30
SYNTHGEN_WIDER = 30
SYNTHGEN_PLAIN = "abAB01 .,-"
SYNTHGEN_WORDS = (
    "", "a", "b", "A", "0", " ", "ab", "ba", "aa", "Ab", "a b", "abc", "aba", "-1", "10", "a,b", "é", "ß", "\n", "中",
)  # fmt: skip
SYNTHGEN_FLOATS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.1, -0.1, 1.5, 2.5, 3.0, 10.0, 100.0, 0.001, 1e-9, -0.0)


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


def synthgen_range(lower: SynthgenBounds, upper: SynthgenBounds) -> tuple[int, int]:
    """The integers to draw from: as bounded, else wide."""
    low, high = synthgen_lowest(lower), synthgen_highest(upper)
    if low is None:
        low = -SYNTHGEN_WIDE if high is None else min(-SYNTHGEN_WIDE, high - SYNTHGEN_WIDE)
    if high is None:
        high = max(SYNTHGEN_WIDE, low + SYNTHGEN_WIDE)
    synthgen_assume(low <= high)
    return low, high


def synthgen_likely(low: int, high: int, near: int, constants: tuple[int, ...]) -> list[int]:
    """Integers near zero (or near the bound closest to it) and around known constants, simplest first."""
    centre = min(max(0, low), high)
    around = {*range(max(low, centre - near), min(high, centre + near) + 1)}
    known = {value + shift for value in constants for shift in (-1, 0, 1) if low <= value + shift <= high}
    return sorted(around | known, key=lambda value: (abs(value - centre), value < centre))


def synthgen_integers(
    lower: SynthgenBounds, upper: SynthgenBounds, constants: tuple[int, ...] = ()
) -> SynthgenStrategy:
    """Integers within the bounds: half of them likely ones, half from the whole range."""
    low, high = synthgen_range(lower, upper)
    # Simplest first, because Hypothesis shrinks towards the first.
    return synthgen_st.one_of(
        synthgen_st.sampled_from(synthgen_likely(low, high, SYNTHGEN_NEAR, constants)), synthgen_st.integers(low, high)
    )


def synthgen_some_integers(lower: SynthgenBounds, upper: SynthgenBounds, constants: tuple[int, ...] = ()) -> list[int]:
    """A table of integers within the bounds: two in three are likely ones, the others come from a wider range."""
    low, high = synthgen_range(lower, upper)
    likely = synthgen_likely(low, high, SYNTHGEN_NEAR, constants)
    wider = synthgen_likely(low, high, SYNTHGEN_WIDER, ())
    chance = SynthgenRandom(0)  # the choice among the values is Hypothesis's; which ones there are need not vary
    far = sorted([low, high, *(chance.randint(low, high) for _ in range(SYNTHGEN_FAR_VALUES))], key=abs)
    rounds = max(1, 2 * (len(wider) + len(far)) // len(likely))
    return [*(value for value in likely for _ in range(rounds)), *wider, *far]


def synthgen_float_range(lower: SynthgenBounds, upper: SynthgenBounds) -> tuple[float, float]:
    """The floats to draw from: as bounded, else within a million."""
    low = max((float(value) for value, _ in synthgen_bound_values(lower)), default=None)
    high = min((float(value) for value, _ in synthgen_bound_values(upper)), default=None)
    if low is None:
        low = -SYNTHGEN_FLOAT_WIDE if high is None else min(-SYNTHGEN_FLOAT_WIDE, high - SYNTHGEN_FLOAT_WIDE)
    if high is None:
        high = max(SYNTHGEN_FLOAT_WIDE, low + SYNTHGEN_FLOAT_WIDE)
    synthgen_assume(low <= high)
    return low, high


def synthgen_floats(lower: SynthgenBounds, upper: SynthgenBounds) -> SynthgenStrategy:
    """Finite floats within the bounds; neither NaN nor an infinity unless a test asks for them itself."""
    low, high = synthgen_float_range(lower, upper)
    return synthgen_st.floats(low, high, allow_nan=False, allow_infinity=False)


def synthgen_some_floats(lower: SynthgenBounds, upper: SynthgenBounds) -> list[float]:
    """A table of floats within the bounds: simple ones, the bounds, and some from near zero and the whole range."""
    low, high = synthgen_float_range(lower, upper)
    chance = SynthgenRandom(0)
    near = [
        round(chance.uniform(max(low, -20.0), min(high, 20.0)), digits) for digits in range(1, 4) for _ in range(20)
    ]
    far = [low, high, *(chance.uniform(low, high) for _ in range(SYNTHGEN_FAR_VALUES))]
    return [value for value in (*SYNTHGEN_FLOATS, *near, *far) if low <= value <= high]


def synthgen_some_words(alphabet: SynthgenCallable[[], SynthgenAny] | None = None) -> list[str]:
    """A table of short strings, the empty one first: over the alphabet if one is known, else mostly plain."""
    letters = synthgen_letters(alphabet)
    chance = SynthgenRandom(0)
    words = ["".join(chance.choices(letters or SYNTHGEN_PLAIN, k=1 + number % 6)) for number in range(100)]
    return list(dict.fromkeys([*(["", *letters[:50]] if letters else SYNTHGEN_WORDS), *sorted(words, key=len)]))


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


def synthgen_table(*tables: list[SynthgenAny]) -> SynthgenCode:
    """One byte that picks from one of the tables, each of them equally often."""
    share = SYNTHGEN_TABLE_SIZE // len(tables)
    synthgen_assume(all(tables))
    # Stretched or thinned to the same length, so that no byte is left over and the order stays simplest first.
    values = [table[place * len(table) // share] for place in range(share) for table in tables]
    values += values[-1:] * (SYNTHGEN_TABLE_SIZE - len(values))
    return 1, lambda digits: values[next(digits)]


def synthgen_pick(*tables: list[SynthgenAny]) -> SynthgenStrategy:
    """A value from one of the tables, as a single choice."""
    _, read = synthgen_table(*tables)
    return synthgen_st.integers(0, SYNTHGEN_TABLE_SIZE - 1).map(lambda digit: read(iter((digit,))))


def synthgen_record(*codes: SynthgenCode) -> SynthgenCode:
    """A tuple, part after part."""
    return sum(width for width, _ in codes), lambda digits: tuple(read(digits) for _, read in codes)


def synthgen_many(code: SynthgenCode, lower: SynthgenBounds, upper: SynthgenBounds) -> SynthgenStrategy:
    """Lists of the code's values within the size bounds, each list a single choice."""
    width, read = code
    sizes = synthgen_sizes(lower, upper)

    def read_all(data: bytes) -> list[SynthgenAny]:
        digits = iter(data)
        return [read(digits) for _ in range(len(data) // width)]

    return synthgen_st.binary(min_size=width * sizes["min_size"], max_size=width * sizes["max_size"]).map(read_all)


def synthgen_distinct(
    values: SynthgenStrategy, lower: SynthgenBounds, build: SynthgenCallable[[list[SynthgenAny]], SynthgenAny]
) -> SynthgenStrategy:
    """What `build` makes of drawn lists by dropping repetitions, where enough elements are left."""
    built = values.map(build)
    least = synthgen_lowest(lower) or 0
    return built if least <= 1 else built.filter(lambda collection: len(collection) >= least)


def synthgen_drop_repeated(values: list[SynthgenAny]) -> list[SynthgenAny]:
    """The same list without repetitions."""
    return list({repr(value): value for value in values}.values())


def synthgen_letters(alphabet: SynthgenCallable[[], SynthgenAny] | None) -> list[str]:
    """The single characters of an alphabet, none where it is unknown or says nothing."""
    characters = (synthgen_attempt(lambda: set(alphabet())) or set()) if alphabet is not None else set()
    return sorted(letter for letter in characters if isinstance(letter, str) and len(letter) == 1)


def synthgen_text(
    alphabet: SynthgenCallable[[], SynthgenAny] | None, lower: SynthgenBounds, upper: SynthgenBounds
) -> SynthgenStrategy:
    """Text over the alphabet if one is known, else short words, text of few plain characters, or all of Unicode."""
    sizes = synthgen_sizes(lower, upper)
    letters = synthgen_letters(alphabet)
    if letters:
        return synthgen_st.text(letters, **sizes)
    plain = [synthgen_pick(synthgen_some_words())] if not lower and not upper else []
    return synthgen_st.one_of(*plain, synthgen_st.text(SYNTHGEN_PLAIN, **sizes), synthgen_st.text(**sizes))


def synthgen_choose(choices: SynthgenCallable[[], SynthgenAny]) -> SynthgenStrategy:
    """One member of a collection, in an order that no hash seed changes."""
    members = synthgen_attempt(lambda: list(synthgen_islice(choices(), SYNTHGEN_LARGEST_SIZE))) or []
    synthgen_assume(members)
    return synthgen_st.sampled_from(sorted(members, key=repr))


def synthgen_filter(
    strategy: SynthgenStrategy, condition: SynthgenCallable[[SynthgenAny], SynthgenAny]
) -> SynthgenStrategy:
    """The values of `strategy` for which `condition` holds; one that raises does not hold."""
    return strategy.filter(lambda value: synthgen_meets(condition, value))


def synthgen_keep(
    table: list[SynthgenAny], condition: SynthgenCallable[[SynthgenAny], SynthgenAny]
) -> list[SynthgenAny]:
    """The values of a table for which `condition` holds; one that raises does not hold."""
    return [value for value in table if synthgen_meets(condition, value)]


def synthgen_meets(condition: SynthgenCallable[[SynthgenAny], SynthgenAny], value: SynthgenAny) -> bool:
    """Whether a condition on one value holds; one that raises does not."""
    return synthgen_holds(lambda: condition(value))


def synthgen_holds(condition: SynthgenCallable[[], SynthgenAny]) -> bool:
    """Whether a precondition holds; one that raises does not."""
    return bool(synthgen_attempt(lambda: bool(condition())))
