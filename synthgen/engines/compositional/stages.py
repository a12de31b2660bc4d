"""What a stage of a program is: a typed operation on whole values, with its ways of being written.

A stage is written three times: as one `expression` over builtins, as a `loop` that takes one element at a time (where that
is natural), and as a `reference` block by another algorithm. `evaluate` is the interpreter's own. All four must agree on
every input; the tests hold them to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from synthgen.engines.compositional.expressions import Code, Constant, Function1, Parameter, literal
from synthgen.engines.compositional.scalars import Role
from synthgen.engines.compositional.types import Type

Argument = Function1 | Constant | Parameter
SlotKind = Literal["condition", "map", "integer", "key", "order"]


@dataclass(frozen=True, slots=True)
class Other:
    """A slot for one more data parameter, its type made from the stage's input type."""

    type: Callable[[Type], Type]
    names: tuple[str, ...]


Slot = SlotKind | Role | Other


class Cell(Protocol):
    """What the text of a stage may ask for while it is written."""

    @property
    def src(self) -> Code:
        """The input, an atom or a name."""

    @property
    def out(self) -> str:
        """The name that the result is bound to."""

    @property
    def x(self) -> Code:
        """The current element, in a loop or a comprehension."""

    @property
    def gen(self) -> str:
        """All elements, as the only argument of a call."""

    @property
    def par(self) -> str:
        """All elements, as one argument among others."""

    @property
    def given(self) -> Type:
        """The type of the input."""

    @property
    def result(self) -> Type:
        """The type of the result."""

    def comp(self, element: object, condition: object = None) -> str:
        """`element` for each element that passes `condition`: a comprehension without its brackets."""

    def f(self, slot: int, element: object) -> Code:
        """The function in this slot, applied."""

    def no(self, slot: int, element: object) -> Code:
        """The denial of the condition in this slot."""

    def arg(self, slot: int) -> Code:
        """The constant or parameter in this slot."""

    def name(self, base: str) -> str:
        """A name not used so far in this function; the same for the same base within one stage."""

    def note(self) -> str:
        """The annotation of the result."""


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """One pass: the value before it, what happens for an element, and what the result is after.

    repeats: the element is written more than once, so it must have a name.
    """

    start: str
    body: Callable[[Cell], str]
    finish: Callable[[Cell], str] | None = None
    before: Callable[[Cell], str] | None = None
    repeats: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A typed operation on whole values.

    english: a noun phrase over {them} and the slots; does: an imperative where the noun phrase would be stiff.
    keeps: every element of the result is an element of the input; length: how the result's length compares.
    streams: the input may be consumed one element at a time.
    """

    name: str
    accepts: Callable[[Type], bool]
    gives: Callable[[Type, tuple[Argument, ...]], Type]
    evaluate: Callable[..., object]
    expression: Callable[[Cell], str]
    reference: Callable[[Cell], str]
    english: str
    does: str = ""
    names: tuple[str, ...] = ("result",)
    slug: str = ""
    slots: tuple[Slot, ...] = ()
    loop: Loop | None = None
    idiom: Callable[[Cell], str] | None = None
    imports: str = ""
    level: int = 10
    streams: bool = False
    keeps: bool = False
    length: Literal["same", "fewer", ""] = ""
    order: Literal["up", "down", ""] = ""
    recursion: tuple[str, str] | None = None
    final: bool = False
    weight: float = 1.0


def always(kind: Type) -> Callable[[Type, tuple[Argument, ...]], Type]:
    """A stage whose result has this type whatever it is given."""
    return lambda _, __: kind


def same(given: Type, _: tuple[Argument, ...]) -> Type:
    """A stage whose result has the type of its input."""
    return given


def is_list(given: Type) -> bool:
    """Any list."""
    return given.kind == "list"


def is_exactly(kind: Type) -> Callable[[Type], bool]:
    """This type only."""
    return lambda given: given == kind


def function_of(argument: Argument) -> Function1:
    """The argument as a function."""
    if not isinstance(argument, Function1):
        raise TypeError(f"a function is expected here, got {argument!r}")
    return argument


def operand(argument: Argument) -> Code:
    """A constant or a parameter as source."""
    if isinstance(argument, Parameter):
        return Code(argument.name)
    if isinstance(argument, Function1):
        raise TypeError(f"a constant or a parameter is expected here, got {argument!r}")
    return literal(argument.value)
