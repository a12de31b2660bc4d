"""Write a term as a Python function in one of several styles.

A map or a filter is not written at once: it becomes a `Flow`, which the next stage consumes in one comprehension or one
loop, as a programmer would. A stage that needs a whole list has the flow collected first, in the manner of the style.
"""

import random
import re
from dataclasses import replace
from typing import Literal

from synthgen.engines.compositional.expressions import (
    AND,
    NOT,
    OR,
    Apply,
    Code,
    Dialect,
    Function1,
    parameters_of,
    size,
    slug,
    uses,
    written,
)
from synthgen.engines.compositional.names import ELEMENTS, PAIRS, Names
from synthgen.engines.compositional.slots import Flow, Slots, replace_source
from synthgen.engines.compositional.stages import Loop, function_of
from synthgen.engines.compositional.terms import Node, Program, Source, Step, nodes
from synthgen.engines.compositional.tidy import bare, iterated, opposite, without_idle_lambda
from synthgen.engines.compositional.types import BOOL, Type, annotation

Style = Literal["comprehension", "loop", "functional", "helpers", "recursive", "generator"]
STYLES: tuple[Style, ...] = ("comprehension", "loop", "functional", "helpers", "recursive", "generator")


class Writing:
    """One function being written: its lines, the names it uses, the helpers and imports it needs."""

    def __init__(
        self,
        program: Program,
        *,
        style: Style,
        dialect: Dialect,
        rng: random.Random,
        width: int = 60,
        taken: set[str] | None = None,
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
        return [without_idle_lambda(line) for line in self.lines]

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
        flow = (
            self.flow(source)
            if (stage.streams or (stage.loop is not None and self.style == "loop")) and source.type.kind == "list"
            else None
        )
        if flow is not None and stage.loop is not None and self.style == "loop":
            return self._looped(node, flow, stage.loop, last=last)
        if flow is not None:
            repeated = any(isinstance(a, Function1) and uses(a.body) > 1 for a in node.arguments)
            if (
                repeated or stage.name in ("best", "worst", "group_by", "index_by", "first")
            ) and flow.element.text != flow.variable:
                flow = self.plain_flow(self.collected(flow, source.type, source), source.type)
            code = self._expressed(node, Slots(self, node, out="", flow=flow))
        else:
            value = self._value(source)
            often = stage.loop is not None and source.type.kind == "list" and self.width < 900
            if often and not value.text.isidentifier():
                value = self.bound(value, source)
            code = self._on_whole(node, value)
            if often and len(code.text) > self.width + 32:
                flow = self.plain_flow(value, source.type)
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
            inline = self.width >= 900 and len(source.text) <= 80
            if (often > 1 and not inline) or (often == 1 and len(source.text) > self.width // 2 and self.width < 900):
                source = self.bound(source, node.inputs[0])
            return self._expressed(node, replace_source(slots, source))
        return self._expressed(node, Slots(self, node, out="", source=source))

    # -- flows ----------------------------------------------------------------------------------------------------

    def flow(self, node: Node) -> Flow:
        """The elements of a list-valued node."""
        if (
            isinstance(node, Source)
            or id(node) in self.known
            or id(node) in self.shared
            or node.stage.name not in ("map", "filter")
        ):
            return self.plain_flow(self._value(node), node.type, node=node)
        return self._extended(node)

    def _extended(self, node: Step) -> Flow:
        """The flow of a map's or filter's input, with the map or filter on top."""
        flow = self.flow(node.inputs[0])
        function = function_of(node.arguments[0])
        often = uses(function.body)
        long = len(flow.element.text) + len("".join(flow.conditions)) > self.width
        stacked = flow.element.text != flow.variable and (often > 1 or node.stage.name == "filter")
        if stacked or (long and self.width < 900):
            flow = self.plain_flow(self.collected(flow, node.inputs[0].type, node.inputs[0]), node.inputs[0].type)
        applied = self.applied(function, flow.element, flow.kind)
        if node.stage.name == "filter":
            return replace(flow, conditions=(*flow.conditions, f"{applied:2}"))
        return replace(flow, element=applied)

    def plain_flow(
        self, code: Code | None, kind: Type, *, node: Node | None = None, avoid: frozenset[str] = frozenset()
    ) -> Flow:
        if code is None:
            raise AssertionError("a flow needs a source")
        if not code.text.isidentifier() and len(code.text) > self.width // 2 and self.width < 900:
            code = self.bound(code, node, "items", "elements", "gathered")
        table = re.fullmatch(r"list\((\w+(?:\.(?:items|values)\(\))?)\)", code.text)
        code = Code(table[1]) if table and (self.style != "recursive" or self.special) else code
        variable = self.names.passing(*ELEMENTS.get(kind.item.kind, ("item",)), avoid=avoid)
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
            name = self.names.fresh(
                *(node.stage.names if isinstance(node, Step) else ("gathered",)), beside=flow.variable
            )
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
        if len(tests) == 1:
            suffix = f" if {bare(texts[1])}"
        return f"{texts[0]} for {target} in {iterated(flow.source):1}{suffix}"

    def _unpacked(self, flow: Flow, texts: list[str]) -> tuple[str, list[str]]:
        """Unpack a pair in the head of the loop where only its components are used."""
        if flow.kind.kind != "tuple" or not flow.variable:
            return flow.variable, texts
        joined = "\n".join(texts)
        all_uses = re.findall(rf"\b{flow.variable}\b(\[-?\d\])?", joined)
        if not all_uses or any(use not in ("[0]", "[1]") for use in all_uses):
            return flow.variable, texts
        left, right = self.rng.choice(
            PAIRS.get((flow.kind.items[0], flow.kind.items[1]), (("left", "right"), ("first", "second")))
        )
        used = frozenset(re.findall(r"\w+", joined))
        left = self.names.passing(left, avoid=used) if "[0]" in all_uses else "_"
        right = self.names.passing(right, avoid=used) if "[1]" in all_uses else "_"
        swap = {"[0]": left, "[1]": right}
        return f"{left}, {right}", [
            re.sub(rf"\b{flow.variable}(\[[01]\])", lambda m: swap[m[1]], text) for text in texts
        ]

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
        self.lines.append(f"for {target} in {iterated(flow.source)}:")
        indent = "    "
        if tests and self.rng.random() < 0.3:
            self.lines.extend([f"    if {opposite(tests)}:", "        continue"])
        elif tests:
            self.lines.append(f"    if {bare(tests[0]) if len(tests) == 1 else ' and '.join(tests)}:")
            indent = "        "
        self.lines.extend(indent + line for line in inner)

    # -- the ways of particular styles -------------------------------------------------------------------------------

    def _looped(self, node: Step, flow: Flow, loop: Loop, *, last: bool) -> Code | None:
        out = self.names.fresh(*node.stage.names, beside=flow.variable)
        body: list[str] = []
        often = any(isinstance(a, Function1) and uses(a.body) > 1 for a in node.arguments)
        if flow.element.text != flow.variable and (loop.repeats or often):
            name = self.names.fresh("current", "mapped", "candidate", "found_value", beside=flow.variable)
            body.append(f"{name} = {flow.element:0}")
            flow = replace(flow, element=Code(name))
        slots = Slots(self, node, out=out, flow=flow)
        body.extend(loop.body(slots).split("\n"))
        if body[-1].strip() == "break" and last and self.dialect == "code" and loop.finish is None:
            given = body[-2].strip().removeprefix(f"{out} = ")
            body[-2:] = [body[-2].replace(body[-2].strip(), f"return {given}")]
            if not re.search(rf"\b{out}\b", "\n".join(body)):
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
        name = self.names.fresh("wanted", "produce", "select", "walk", beside=flow.variable)
        outer, self.lines = self.lines, []
        self._for(flow, [f"yield {flow.element:0}"])
        inner, self.lines = self.lines, outer
        self.lines.extend(
            [f"def {name}() -> Iterator[{annotation(kind.item)}]:", *("    " + line for line in inner), ""]
        )
        return Code(f"list({name}())")

    def _recursive_list(self, flow: Flow, kind: Type) -> Code:
        self.special = True
        name, rest = (
            self.names.fresh("collect", "gather", "walk", beside=flow.variable),
            self.names.fresh("remaining", "rest", "tail_items", beside=flow.variable),
        )
        lines = [
            f"def {name}({rest}: list[{annotation(flow.kind)}]) -> {annotation(kind)}:",
            f"    if not {rest}:",
            "        return []",
            f"    {flow.variable} = {rest}[0]",
        ]
        recursive = f"{name}({rest}[1:])"
        if flow.conditions:
            lines += [
                f"    if {' and '.join(flow.conditions)}:",
                f"        return [{flow.element:1}, *{recursive}]",
                f"    return {recursive}",
            ]
        else:
            lines += [f"    return [{flow.element:1}, *{recursive}]"]
        self._space()
        self.lines.extend([*lines, ""])
        return Code(f"{name}({flow.source:1})")

    def _recursive_fold(self, node: Step) -> Code:
        flow = self.flow(node.inputs[0])
        if self.special:
            return self._expressed(node, Slots(self, node, out="", flow=flow))
        self.special = True
        base, combine = node.stage.recursion or ("", "")
        name, rest = (
            self.names.fresh("fold", "combine", "accumulate_from", beside=flow.variable),
            self.names.fresh("remaining", "rest", "tail_items", beside=flow.variable),
        )
        tail = f"{name}({rest}[1:])"
        slots = Slots(self, node, out="", flow=flow)
        test = slots.f(0, flow.element) if node.arguments else Code("True")
        combined = combine.format(head=flow.element, tail=tail, test=test)
        lines = [
            f"def {name}({rest}: list[{annotation(flow.kind)}]) -> {annotation(node.type)}:",
            f"    if not {rest}:",
            f"        return {base}",
            f"    {flow.variable} = {rest}[0]",
        ]
        if flow.conditions:
            lines += [f"    if {opposite(list(flow.conditions))}:", f"        return {tail}"]
        self._space()
        self.lines.extend([*lines, f"    return {combined}", ""])
        return Code(f"{name}({flow.source:1})")

    def _space(self) -> None:
        """An empty line before an inner function, unless it comes first."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

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
        options = [option for option in ELEMENTS.get(kind.kind, ("item",)) if option not in extras]
        element = self.rng.choice(options)
        signature = ", ".join(
            [f"{element}: {annotation(kind)}", *(f"{one.name}: {annotation(one.type)}" for one in extras.values())]
        )
        code = written(function.body, Code(element), dialect=self.dialect)
        self.helpers.extend(
            [f"def {name}({signature}) -> {annotation(function.type)}:", f"    return {code:0}", "", ""]
        )
        return name
