"""The types of the algebra: how each is written, drawn at random and described to Hypothesis."""

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["int", "bool", "str", "list", "dict", "tuple", "optional", "set"]


@dataclass(frozen=True, slots=True)
class Type:
    """A plain Python type; `items` holds its type arguments."""

    kind: Kind
    items: tuple["Type", ...] = ()

    @property
    def item(self) -> "Type":
        """The only type argument of a list, a set or an optional."""
        return self.items[0]


INT = Type("int")
BOOL = Type("bool")
STR = Type("str")


def list_of(item: Type) -> Type:
    """`list[item]`."""
    return Type("list", (item,))


def set_of(item: Type) -> Type:
    """`set[item]`."""
    return Type("set", (item,))


def dict_of(key: Type, value: Type) -> Type:
    """`dict[key, value]`."""
    return Type("dict", (key, value))


def tuple_of(*items: Type) -> Type:
    """`tuple[items...]`."""
    return Type("tuple", items)


def optional(item: Type) -> Type:
    """`item | None`."""
    return Type("optional", (item,))


def annotation(kind: Type) -> str:
    """The type as an annotation with builtin generics."""
    if kind.kind == "optional":
        return f"{annotation(kind.item)} | None"
    if not kind.items:
        return kind.kind
    return f"{kind.kind}[{', '.join(annotation(item) for item in kind.items)}]"


def strategy(kind: Type, *, most: int = 7) -> str:
    """A Hypothesis strategy, as source, over small values, so that ties and duplicates are common."""
    inner = max(3, most - 3)
    match kind.kind:
        case "int":
            return "st.integers(-30, 30)"
        case "bool":
            return "st.booleans()"
        case "str":
            return f"st.text(alphabet='abeiost AB-', max_size={most})"
        case "list":
            return f"st.lists({strategy(kind.item, most=inner)}, max_size={most})"
        case "set":
            return f"st.sets({strategy(kind.item, most=inner)}, max_size={most})"
        case "dict":
            return f"st.dictionaries({strategy(kind.items[0], most=inner)}, {strategy(kind.items[1], most=inner)}, max_size={most - 2})"
        case "optional":
            return f"st.none() | {strategy(kind.item, most=most)}"
        case "tuple":
            return f"st.tuples({', '.join(strategy(item, most=most) for item in kind.items)})"


def hashable(kind: Type) -> bool:
    """Whether values of this type can be set members and dict keys."""
    return kind.kind not in ("list", "dict", "set") and all(hashable(item) for item in kind.items)


def orderable(kind: Type) -> bool:
    """Whether any two values of this type can be compared with `<` in the way an exercise may rely on."""
    if kind.kind in ("int", "str"):
        return True
    return kind.kind == "tuple" and all(orderable(item) for item in kind.items)


WORDS = (
    "tea oats rabbit stone level noon abba Boat seat a bus east sea Otis eel toast beset ai tie oboe sob data state area kayak"
).split()
PHRASES = (
    "a tea set",
    "the east boat",
    "  sea  state ",
    "so it is",
    "to be or to see",
    "a b a",
    "stats",
    "Otto sees a boat",
)


def draw(kind: Type, rng: random.Random, *, size: int = 6, wild: bool = False) -> object:
    """A random value. Wild draws resemble Hypothesis defaults; the others are what an exercise would show."""
    match kind.kind:
        case "int":
            return _draw_integer(rng, wild=wild)
        case "bool":
            return rng.random() < 0.5
        case "str":
            return _draw_text(rng, wild=wild)
        case "list":
            return _draw_list(kind.item, rng, size=size, wild=wild)
        case "set":
            return set(_draw_list(kind.item, rng, size=size, wild=wild))
        case "dict":
            keys = _draw_list(kind.items[0], rng, size=size, wild=wild)
            return {key: draw(kind.items[1], rng, size=3, wild=wild) for key in keys}
        case "optional":
            return None if rng.random() < 0.3 else draw(kind.item, rng, size=size, wild=wild)
        case "tuple":
            return tuple(draw(item, rng, size=3, wild=wild) for item in kind.items)


def _draw_list(item: Type, rng: random.Random, *, size: int, wild: bool) -> list[object]:
    """A list of up to `size` values in which repeats are likely."""
    values: list[object] = []
    for _ in range(rng.randint(0, size) if wild else size):
        if values and rng.random() < 0.25:
            values.append(rng.choice(values))
        else:
            values.append(draw(item, rng, size=3, wild=wild))
    return values


def _draw_integer(rng: random.Random, *, wild: bool) -> int:
    if not wild:
        return rng.randint(-9, 20)
    bits = rng.choice((2, 4, 8, 8, 16, 32, 64))
    return rng.getrandbits(bits) * rng.choice((1, -1))


def _draw_text(rng: random.Random, *, wild: bool) -> str:
    if not wild:
        return rng.choice(WORDS)
    alphabet = rng.choice(("ab", "aeiost AB-", "09azAZ \u00e9\u00df\u03a3", "0:; \u0100\U0001f600"))
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 6)))


def shown(value: object) -> str:
    """A value as source; sets in order, so that the text is the same in every process."""
    if isinstance(value, set):
        return "{" + ", ".join(repr(item) for item in sorted(value)) + "}" if value else "set()"
    return repr(value)
