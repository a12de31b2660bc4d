"""Write a term as a Python function in one of several styles.

A map or a filter is not written at once: it becomes a `Flow`, which the next stage consumes in one comprehension or one
loop, as a programmer would. A stage that needs a whole list has the flow collected first, in the manner of the style.
"""

import random
import re
from dataclasses import dataclass, replace
from typing import Literal

from synthgen.engines.compositional.expressions import AND, NOT, OR, Apply, Code, Dialect, Function1, Parameter, literal, parameters_of, size, slug, uses, written
from synthgen.engines.compositional.stages import Argument, Loop, function_of
from synthgen.engines.compositional.terms import Node, Program, Source, Step, nodes
from synthgen.engines.compositional.types import BOOL, INT, STR, Type, annotation

Style = Literal["comprehension", "loop", "functional", "helpers", "recursive", "generator"]
STYLES: tuple[Style, ...] = ("comprehension", "loop", "functional", "helpers", "recursive", "generator")

_ALTERNATIVES: dict[str, tuple[str, ...]] = {
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
_ELEMENTS: dict[str, tuple[str, ...]] = {
    "int": ("value", "number", "n", "item"),
    "str": ("word", "piece", "entry", "item"),
    "tuple": ("pair", "entry", "item"),
    "list": ("group", "row", "part"),
    "optional": ("entry", "answer", "item"),
}
_PAIRS = {(STR, INT): (("name", "amount"), ("label", "number"), ("key", "count")), (INT, INT): (("left", "right"), ("first", "second"), ("a", "b"))}


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


# Names that the texts of scalars.py bind inside their own comprehensions.
_RESERVED = frozenset({"digit", "letter", "mark", "place"})


class Names:
    """The names taken in one function. Variables of loops and comprehensions live for one stage, so they may come again."""

    def __init__(self, taken: set[str], *, rng: random.Random) -> None:
        self.taken = set(taken) | _RESERVED
        self.rng = rng

    def fresh(self, *candidates: str, beside: Flow | None = None) -> str:
        """A name for good: a candidate that is free, at random; else the first with a number."""
        name = self.passing(*candidates, avoid=frozenset() if beside is None else frozenset((beside.variable,)))
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


_SIMPLE_LAMBDA = re.compile(r"lambda (\w+): (\w+)\(\1\)(?=[,)])")


class Writing:
    """One function being written: its lines, the names it uses, the helpers and imports it needs."""

    def __init__(
        self, program: Program, *, style: Style, dialect: Dialect, rng: random.Random, width: int = 60, taken: set[str] | None = None
    ) -> None:
        self.program, self.style, self.dialect, self.rng, self.width = program, style, dialect, rng, width
        self.names = Names({parameter.name for parameter in program.parameters} | (taken or set()), rng=rng)
        self.lines: list[str] = []
        self.helpers: list[str] = []
        self.imports: set[str] = set()
        self.known: dict[int, Code] = {}
        self.helper_of: dict[int, str] = {}
        self.special = False
        self.annotated: set[str] = set()

    def body(self) -> list[str]:
        """The lines of the function's body."""
        program = self.program
        if program.guard is not None and program.early is not None:
            subject = Code(program.parameters[0].name)
            test = written(program.guard.body, subject, dialect=self.dialect)
            outer, self.lines = self.lines, []
            self._return(program.early)
            outer.append(f"if {test:0}:")
            outer.extend("    " + line for line in self.lines)
            self.lines, self.known = outer, {}
        self._return(program.root)
        return [_SIMPLE_LAMBDA.sub(r"\2", line) for line in self.lines]

    def _return(self, root: Node) -> None:
        self._count(root)
        code = self.code(root, last=True)
        if code is not None:
            self.lines.append(f"return {code:0}")

    def _count(self, root: Node) -> None:
        counts: dict[int, int] = {}
        for node in nodes(root):
            for one in node.inputs if isinstance(node, Step) else ():
                counts[id(one)] = counts.get(id(one), 0) + 1
        self.shared = {key for key, count in counts.items() if count > 1}

    # -- values ---------------------------------------------------------------------------------------------------

    def code(self, node: Node, *, last: bool = False) -> Code | None:
        """The node's value as an expression; lines that it needs are written first. None: the lines return it."""
        if isinstance(node, Source):
            return Code(node.parameter.name)
        if id(node) in self.known:
            return self.known[id(node)]
        if node.stage.name in ("map", "filter"):
            code: Code | None = self.collected(self._extended(node), node.type, node, last=last)
        elif len(node.inputs) == 2:
            code = self._joint(node)
        else:
            code = self._stage(node, last=last)
        if code is not None and id(node) in self.shared:
            code = self.bound(code, node)
            self.known[id(node)] = code
        return code

    def _value(self, node: Node) -> Code:
        code = self.code(node)
        if code is None:
            raise AssertionError("only the last stage of a function returns")
        return code

    def bound(self, code: Code, node: Node | None, *names: str) -> Code:
        """The expression under a name of its own."""
        if code.text.isidentifier():
            return code
        candidates = node.stage.names if isinstance(node, Step) else names or ("value",)
        name = self.names.fresh(*candidates)
        self.lines.append(f"{name} = {code:0}")
        return Code(name)

    def _joint(self, node: Step) -> Code:
        operands = []
        for one in node.inputs:
            code = self._value(one)
            operands.append(self.bound(code, one) if len(code.text) > self.width // 2 else code)
        return Code(node.stage.expression(Slots(self, node, out="", inputs=tuple(operands))), node.stage.level)

    def _stage(self, node: Step, *, last: bool) -> Code | None:
        source, stage = node.inputs[0], node.stage
        if stage.recursion is not None and self.style == "recursive" and not self.special:
            return self._recursive_fold(node)
        flow = self.flow(source) if (stage.streams or (stage.loop is not None and self.style == "loop")) and source.type.kind == "list" else None
        if flow is not None and stage.loop is not None and self.style == "loop":
            return self._looped(node, flow, stage.loop, last=last)
        if flow is not None:
            repeated = any(isinstance(a, Function1) and uses(a.body) > 1 for a in node.arguments)
            if (repeated or stage.name in ("best", "worst", "group_by", "index_by", "first")) and flow.element.text != flow.variable:
                flow = self._plain(self.collected(flow, source.type, source), source.type)
            code = self._expressed(node, Slots(self, node, out="", flow=flow))
        else:
            value = self._value(source)
            often = stage.loop is not None and source.type.kind == "list" and self.width < 900
            if often and not value.text.isidentifier():
                value = self.bound(value, source)
            code = self._on_whole(node, value)
            if often and len(code.text) > self.width + 32:
                flow = self._plain(value, source.type)
        if flow is not None and len(code.text) > self.width + 32 and stage.loop is not None and self.width < 900:
            return self._looped(node, flow, stage.loop, last=last)
        return code

    def _expressed(self, node: Step, slots: "Slots") -> Code:
        stage = node.stage
        if stage.idiom is not None and self.style == "functional":
            text = stage.idiom(slots)
            for module, name in (("itertools", "accumulate"), ("collections", "Counter")):
                if f"{name}(" in text:
                    self.imports.add(f"from {module} import {name}")
            return Code(text)
        if stage.imports:
            self.imports.add(stage.imports)
        level = self.level_of(node) if stage.name == "apply" else stage.level
        return Code(stage.expression(slots), level)

    def level_of(self, node: Step) -> int:
        """The precedence of a function's outermost operator; a helper's call is an atom."""
        body = function_of(node.arguments[0]).body
        if self.style == "helpers" and size(body) >= 2:
            return 10
        return written(body, Code("x"), dialect=self.dialect).level

    def _on_whole(self, node: Step, source: Code) -> Code:
        simple = source.text.isidentifier()
        if not simple:
            slots = Slots(self, node, out="", source=Code("\0"))
            often = node.stage.expression(slots).count("\0")
            if often > 1 or (often == 1 and len(source.text) > self.width // 2 and self.width < 900):
                source = self.bound(source, node.inputs[0])
            return self._expressed(node, replace_source(slots, source))
        return self._expressed(node, Slots(self, node, out="", source=source))

    # -- flows ----------------------------------------------------------------------------------------------------

    def flow(self, node: Node) -> Flow:
        """The elements of a list-valued node."""
        if isinstance(node, Source) or id(node) in self.known or id(node) in self.shared or node.stage.name not in ("map", "filter"):
            return self._plain(self._value(node), node.type, node=node)
        return self._extended(node)

    def _extended(self, node: Step) -> Flow:
        """The flow of a map's or filter's input, with the map or filter on top."""
        flow = self.flow(node.inputs[0])
        function = function_of(node.arguments[0])
        often = uses(function.body)
        long = len(flow.element.text) + len("".join(flow.conditions)) > self.width
        stacked = flow.element.text != flow.variable and (often > 1 or node.stage.name == "filter")
        if stacked or (long and self.width < 900):
            flow = self._plain(self.collected(flow, node.inputs[0].type, node.inputs[0]), node.inputs[0].type)
        applied = self.applied(function, flow.element, flow.kind)
        if node.stage.name == "filter":
            return replace(flow, conditions=(*flow.conditions, f"{applied:2}"))
        return replace(flow, element=applied)

    def _plain(self, code: Code | None, kind: Type, *, node: Node | None = None, avoid: frozenset[str] = frozenset()) -> Flow:
        if code is None:
            raise AssertionError("a flow needs a source")
        if not code.text.isidentifier() and len(code.text) > self.width // 2 and self.width < 900:
            code = self.bound(code, node, "items", "elements", "gathered")
        table = re.fullmatch(r"list\((\w+\.(?:items|values)\(\))\)", code.text)
        code = Code(table[1]) if table and (self.style != "recursive" or self.special) else code
        variable = self.names.passing(*_ELEMENTS.get(kind.item.kind, ("item",)), avoid=avoid)
        return Flow(code, variable, kind.item, Code(variable))

    def collected(self, flow: Flow, kind: Type, node: Node, *, last: bool = False) -> Code | None:
        """The flow as a list, in the manner of the style."""
        if flow.plain:
            return flow.source
        comprehension = Code(f"[{self.comprehension(flow)}]")
        if self.style == "generator" and flow.conditions and not self.special:
            return self._generated(flow, kind)
        if self.style == "recursive" and not self.special:
            return self._recursive_list(flow, kind)
        if self.style == "functional":
            return Code(f"list({self.mapped(flow)})")
        if self.style == "loop" or (len(comprehension.text) > self.width + 36 and self.width < 900):
            name = self.names.fresh(*(node.stage.names if isinstance(node, Step) else ("gathered",)), beside=flow)
            self.lines.append(f"{name}: {annotation(kind)} = []")
            self._for(flow, [f"{name}.append({flow.element:0})"])
            return Code(name)
        return comprehension

    def comprehension(self, flow: Flow, element: object = None, condition: object = None) -> str:
        """`element for variable in source if conditions`."""
        wanted = str(flow.element if element is None else element)
        tests = [*flow.conditions, *([str(condition)] if condition is not None else [])]
        target, texts = self._unpacked(flow, [wanted, *tests])
        suffix = f" if {' and '.join(texts[1:])}" if tests else ""
        if len(tests) == 1 and condition is None:
            suffix = f" if {texts[1]}"
        return f"{texts[0]} for {target} in {flow.source:1}{suffix}"

    def _unpacked(self, flow: Flow, texts: list[str]) -> tuple[str, list[str]]:
        """Unpack a pair in the head of the loop where only its components are used."""
        if flow.kind.kind != "tuple" or not flow.variable:
            return flow.variable, texts
        joined = "\n".join(texts)
        all_uses = re.findall(rf"\b{flow.variable}\b(\[-?\d\])?", joined)
        if not all_uses or any(use not in ("[0]", "[1]") for use in all_uses):
            return flow.variable, texts
        left, right = self.rng.choice(_PAIRS.get((flow.kind.items[0], flow.kind.items[1]), (("left", "right"), ("first", "second"))))
        used = frozenset(re.findall(r"\w+", joined))
        left = self.names.passing(left, avoid=used) if "[0]" in all_uses else "_"
        right = self.names.passing(right, avoid=used) if "[1]" in all_uses else "_"
        swap = {"[0]": left, "[1]": right}
        return f"{left}, {right}", [re.sub(rf"\b{flow.variable}(\[[01]\])", lambda m: swap[m[1]], text) for text in texts]

    def mapped(self, flow: Flow) -> str:
        """The flow by `map` and `filter`."""
        text = str(flow.source)
        for test in flow.conditions:
            text = f"filter(lambda {flow.variable}: {test}, {text})"
        if flow.element.text != flow.variable:
            text = f"map(lambda {flow.variable}: {flow.element:1}, {text})"
        return text

    def _for(self, flow: Flow, body: list[str]) -> None:
        target, texts = self._unpacked(flow, [*body, *flow.conditions])
        inner, tests = texts[: len(body)], texts[len(body) :]
        self.lines.append(f"for {target} in {flow.source}:")
        indent = "    "
        if tests and self.rng.random() < 0.3:
            opposite = f"not ({' and '.join(tests)})" if len(tests) > 1 or not re.fullmatch(r"[\w.\[\]()\"]+", tests[0]) else f"not {tests[0]}"
            self.lines.extend([f"    if {opposite}:", "        continue"])
        elif tests:
            self.lines.append(f"    if {' and '.join(tests)}:")
            indent = "        "
        self.lines.extend(indent + line for line in inner)

    # -- the ways of particular styles -------------------------------------------------------------------------------

    def _looped(self, node: Step, flow: Flow, loop: Loop, *, last: bool) -> Code | None:
        out = self.names.fresh(*node.stage.names, beside=flow)
        body: list[str] = []
        often = any(isinstance(a, Function1) and uses(a.body) > 1 for a in node.arguments)
        if flow.element.text != flow.variable and (loop.repeats or often):
            name = self.names.fresh("current", "mapped", "candidate", "found_value", beside=flow)
            body.append(f"{name} = {flow.element:0}")
            flow = replace(flow, element=Code(name))
        slots = Slots(self, node, out=out, flow=flow)
        body.extend(loop.body(slots).split("\n"))
        if body[-1].strip() == "break" and last and self.dialect == "code" and loop.finish is None:
            given = body[-2].strip().removeprefix(f"{out} = ")
            body[-2:] = [body[-2].replace(body[-2].strip(), f"return {given}")]
            if body[-1].strip() != "break" and f"{out}" not in "".join(body):
                self._for(flow, body)
                self.lines.append(f"return {loop.start}")
                return None
            raise AssertionError(f"a loop that breaks must do nothing else: {body!r}")
        if loop.before is not None:
            self.lines.extend(loop.before(slots).split("\n"))
        note = f": {annotation(node.type)}" if loop.start in ("[]", "{}", "None") else ""
        self.lines.append(f"{out}{note} = {loop.start}")
        self._for(flow, body)
        return Code(loop.finish(slots), node.stage.level) if loop.finish is not None else Code(out)

    def _generated(self, flow: Flow, kind: Type) -> Code:
        self.special = True
        self.imports.add("from collections.abc import Iterator")
        name = self.names.fresh("wanted", "produce", "select", "walk", beside=flow)
        outer, self.lines = self.lines, []
        self._for(flow, [f"yield {flow.element:0}"])
        inner, self.lines = self.lines, outer
        self.lines.extend([f"def {name}() -> Iterator[{annotation(kind.item)}]:", *("    " + line for line in inner), ""])
        return Code(f"list({name}())")

    def _recursive_list(self, flow: Flow, kind: Type) -> Code:
        self.special = True
        name, rest = self.names.fresh("collect", "gather", "walk", beside=flow), self.names.fresh("remaining", "rest", "tail_items", beside=flow)
        lines = [f"def {name}({rest}: list[{annotation(flow.kind)}]) -> {annotation(kind)}:", f"    if not {rest}:", "        return []",
                 f"    {flow.variable} = {rest}[0]"]
        recursive = f"{name}({rest}[1:])"
        if flow.conditions:
            lines += [f"    if {' and '.join(flow.conditions)}:", f"        return [{flow.element:1}, *{recursive}]", f"    return {recursive}"]
        else:
            lines += [f"    return [{flow.element:1}, *{recursive}]"]
        self.lines.extend([*lines, ""])
        return Code(f"{name}({flow.source:1})")

    def _recursive_fold(self, node: Step) -> Code:
        flow = self.flow(node.inputs[0])
        if self.special:
            return self._expressed(node, Slots(self, node, out="", flow=flow))
        self.special = True
        base, combine = node.stage.recursion or ("", "")
        name, rest = self.names.fresh("fold", "combine", "accumulate_from", beside=flow), self.names.fresh("remaining", "rest", "tail_items", beside=flow)
        tail = f"{name}({rest}[1:])"
        slots = Slots(self, node, out="", flow=flow)
        test = slots.f(0, flow.element) if node.arguments else Code("True")
        combined = combine.format(head=flow.element, tail=tail, test=test)
        lines = [f"def {name}({rest}: list[{annotation(flow.kind)}]) -> {annotation(node.type)}:", f"    if not {rest}:", f"        return {base}",
                 f"    {flow.variable} = {rest}[0]"]
        if flow.conditions:
            lines += [f"    if not ({' and '.join(flow.conditions)}):", f"        return {tail}"]
        self.lines.extend([*lines, f"    return {combined}", ""])
        return Code(f"{name}({flow.source:1})")

    def applied(self, function: Function1, element: Code, kind: Type) -> Code:
        """A function's body around this element or, in the style with helpers, a call of its own function."""
        if self.style != "helpers" or size(function.body) < 2:
            return written(function.body, element, dialect=self.dialect)
        if id(function) not in self.helper_of:
            self.helper_of[id(function)] = self._helper(function, kind)
        extras = list(dict.fromkeys(parameter.name for parameter in parameters_of(function.body)))
        return Code(f"{self.helper_of[id(function)]}({', '.join([f'{element:1}', *extras])})")

    def _helper(self, function: Function1, kind: Type) -> str:
        word = slug(function.body)
        joined = isinstance(function.body, Apply) and function.body.scalar in (AND, OR, NOT)
        if function.type == BOOL:
            base = ("qualifies", "is_wanted", "is_relevant") if joined or not word else (f"is_{word}", "qualifies")
        else:
            base = (f"compute_{word}", f"{word}_of") if word else ("convert", "transform")
        name = self.names.fresh(*base)
        extras = {parameter.name: parameter for parameter in parameters_of(function.body)}
        options = [option for option in _ELEMENTS.get(kind.kind, ("item",)) if option not in extras]
        element = self.rng.choice(options)
        signature = ", ".join([f"{element}: {annotation(kind)}", *(f"{one.name}: {annotation(one.type)}" for one in extras.values())])
        code = written(function.body, Code(element), dialect=self.dialect)
        self.helpers.extend([f"def {name}({signature}) -> {annotation(function.type)}:", f"    return {code:0}", "", ""])
        return name


class Slots:
    """What a stage's text asks for while this writing goes on: the `Cell` of stages.py."""

    def __init__(
        self, writing: Writing, step: Step, *, out: str, flow: Flow | None = None, source: Code | None = None, inputs: tuple[Code, ...] = ()
    ) -> None:
        self.writing, self.step, self.out, self.flow, self.source, self.inputs = writing, step, out, flow, source, inputs
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
        self.source = collected if collected.text.isidentifier() else self.writing.bound(collected, self.step.inputs[0])
        return self.source

    def _flow(self) -> Flow:
        if self.flow is None:
            self.flow = self.writing._plain(self.src, self.given, avoid=frozenset(self.local.values()))  # noqa: SLF001 - the two classes are one mechanism
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
            return written(Apply(NOT, (body,), BOOL), element if isinstance(element, Code) else Code(str(element)), dialect="code")
        plain = self.f(slot, element)
        return Code(f"not {plain:3}", 3)

    def arg(self, slot: int) -> Code:
        """The constant or parameter in this slot, or an operand of a joint."""
        return self.inputs[slot] if self.inputs else operand(self.step.arguments[slot])

    def name(self, base: str) -> str:
        """A name for this stage's own use."""
        if base not in self.local:
            options = _ALTERNATIVES.get(base, (base,))
            if base == "item" and self.given.kind == "list":
                options = _ELEMENTS.get(self.given.item.kind, ("item",))
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


def operand(argument: Argument) -> Code:
    """A constant or a parameter as source."""
    if isinstance(argument, Parameter):
        return Code(argument.name)
    if isinstance(argument, Function1):
        raise TypeError(f"a constant or a parameter is expected here, got {argument!r}")
    return literal(argument.value)


def signature(program: Program, name: str) -> str:
    """The head of the function."""
    parameters = ", ".join(f"{one.name}: {annotation(one.type)}" for one in program.parameters)
    return f"def {name}({parameters}) -> {annotation(program.type)}:"


def wrapped_signature(program: Program, name: str) -> list[str]:
    """The head of the function, one parameter a line where it is long."""
    line = signature(program, name)
    if len(line) <= 100:
        return [line]
    return [f"def {name}(", *(f"    {one.name}: {annotation(one.type)}," for one in program.parameters), f") -> {annotation(program.type)}:"]


