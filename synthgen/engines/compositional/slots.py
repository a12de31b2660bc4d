"""The place where a stage's text meets the function being written: what a `Cell` answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthgen.engines.compositional.expressions import NOT, Apply, Code, size, written
from synthgen.engines.compositional.names import ALTERNATIVES, ELEMENTS
from synthgen.engines.compositional.stages import function_of, operand
from synthgen.engines.compositional.terms import Step
from synthgen.engines.compositional.types import BOOL, Type, annotation

if TYPE_CHECKING:
    from synthgen.engines.compositional.writer import Writing


@dataclass(frozen=True, slots=True)
class Flow:
    """Elements on their way: `element` for each `variable` of `source` that passes the conditions."""

    source: Code
    variable: str
    kind: Type
    element: Code
    conditions: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether nothing happens on the way."""
        return not self.conditions and self.element.text == self.variable


class Slots:
    """What a stage's text asks for while this writing goes on: the `Cell` of stages.py."""

    def __init__(
        self,
        writing: "Writing",
        step: Step,
        *,
        out: str,
        flow: Flow | None = None,
        source: Code | None = None,
        inputs: tuple[Code, ...] = (),
    ) -> None:
        self.writing, self.step, self.out, self.flow, self.source, self.inputs = (
            writing,
            step,
            out,
            flow,
            source,
            inputs,
        )
        self.local: dict[str, str] = {}

    @property
    def src(self) -> Code:
        """The input as a whole."""
        if self.source is not None:
            return self.source
        if self.flow is None:
            raise AssertionError(f"{self.step.stage.name} has no input")
        collected = self.writing.collected(self.flow, self.step.inputs[0].type, self.step.inputs[0])
        if collected is None:
            raise AssertionError("a collected flow is a value")
        inline = collected.text.isidentifier() or (self.writing.width >= 900 and len(collected.text) <= 80)
        self.source = collected if inline else self.writing.bound(collected, self.step.inputs[0])
        return self.source

    def _flow(self) -> Flow:
        if self.flow is None:
            self.flow = self.writing.plain_flow(self.src, self.given, avoid=frozenset(self.local.values()))
        return self.flow

    @property
    def x(self) -> Code:
        """The current element."""
        return self._flow().element

    @property
    def gen(self) -> str:
        """All elements, as the only argument of a call."""
        flow = self._flow()
        if flow.plain:
            return str(flow.source)
        if self.writing.style == "functional":
            return self.writing.mapped(flow)
        return self.writing.comprehension(flow)

    @property
    def par(self) -> str:
        """All elements, as one argument among others."""
        flow = self._flow()
        return self.gen if flow.plain or self.writing.style == "functional" else f"({self.gen})"

    @property
    def given(self) -> Type:
        """The type of the input."""
        return self.step.inputs[0].type

    @property
    def result(self) -> Type:
        """The type of the result."""
        return self.step.type

    def comp(self, element: object, condition: object = None) -> str:
        """A comprehension without its brackets."""
        return self.writing.comprehension(self._flow(), element, condition)

    def f(self, slot: int, element: object) -> Code:
        """The function in this slot, applied."""
        argument = function_of(self.step.arguments[slot])
        code = element if isinstance(element, Code) else Code(str(element))
        kind = self.given if self.step.stage.name == "apply" else self.given.items[-1]
        return self.writing.applied(argument, code, kind)

    def no(self, slot: int, element: object) -> Code:
        """The denial of the condition in this slot."""
        writing, body = self.writing, function_of(self.step.arguments[slot]).body
        if writing.dialect == "code" and not (writing.style == "helpers" and size(body) >= 2):
            return written(
                Apply(NOT, (body,), BOOL), element if isinstance(element, Code) else Code(str(element)), dialect="code"
            )
        plain = self.f(slot, element)
        return Code(f"not {plain:3}", 3)

    def arg(self, slot: int) -> Code:
        """The constant or parameter in this slot, or an operand of a joint."""
        return self.inputs[slot] if self.inputs else operand(self.step.arguments[slot])

    def name(self, base: str) -> str:
        """A name for this stage's own use."""
        if base not in self.local:
            options = ALTERNATIVES.get(base, (base,))
            if base == "item" and self.given.kind == "list":
                options = ELEMENTS.get(self.given.item.kind, ("item",))
            avoid = {*self.local.values(), *((self.flow.variable,) if self.flow is not None else ())}
            self.local[base] = self.writing.names.passing(*options, avoid=frozenset(avoid))
        return self.local[base]

    def note(self) -> str:
        """The annotation of the result."""
        return annotation(self.result)


def replace_source(slots: Slots, source: Code) -> Slots:
    """The same cell over another input, keeping the names it has handed out."""
    fresh = Slots(slots.writing, slots.step, out=slots.out, source=source)
    fresh.local = slots.local
    return fresh
