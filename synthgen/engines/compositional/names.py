"""The names that a function's variables get, and which of them are still free."""

import random

from synthgen.engines.compositional.types import INT, STR, Type

ALTERNATIVES: dict[str, tuple[str, ...]] = {
    "place": ("index", "position", "i"),
    "start": ("start", "begin", "first_index"),
    "key": ("key", "label", "bucket"),
    "run": ("run", "stretch", "streak"),
    "group": ("group", "inner", "part"),
    "earlier": ("earlier", "previous_item", "before"),
    "current": ("current", "streak", "run_length"),
    "value": ("value", "amount", "figure"),
    "left": ("left", "before", "previous_value"),
    "right": ("right", "after", "following"),
}
ELEMENTS: dict[str, tuple[str, ...]] = {
    "int": ("value", "number", "n", "item"),
    "str": ("word", "piece", "entry", "item"),
    "tuple": ("pair", "entry", "item"),
    "list": ("group", "row", "part"),
    "optional": ("entry", "answer", "item"),
}
PAIRS: dict[tuple[Type, Type], tuple[tuple[str, str], ...]] = {
    (STR, INT): (("name", "amount"), ("label", "number"), ("key", "count")),
    (INT, INT): (("left", "right"), ("first", "second"), ("a", "b")),
}

# Names that the texts of scalars.py bind inside their own comprehensions.
_RESERVED = frozenset({"digit", "letter", "mark", "place"})


class Names:
    """The names taken in one function. Variables of loops and comprehensions live for one stage, so they may come again."""

    def __init__(self, taken: set[str], *, rng: random.Random) -> None:
        self.taken = set(taken) | _RESERVED
        self.rng = rng

    def fresh(self, *candidates: str, beside: str | None = None) -> str:
        """A name for good: a candidate that is free, at random; else the first with a number."""
        name = self.passing(*candidates, avoid=frozenset() if beside is None else frozenset((beside,)))
        self.taken.add(name)
        return name

    def passing(self, *candidates: str, avoid: frozenset[str] = frozenset()) -> str:
        """A name for one stage."""
        free = [name for name in candidates if name not in self.taken and name not in avoid]
        if free:
            return free[0] if len(free) == 1 else self.rng.choice(free)
        number = 2
        while f"{candidates[0]}_{number}" in self.taken or f"{candidates[0]}_{number}" in avoid:
            number += 1
        return f"{candidates[0]}_{number}"
