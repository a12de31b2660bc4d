"""The reference: the same term by other algorithms, one stage after the other, without fusing any."""

import random

from synthgen.engines.compositional.expressions import Code, written
from synthgen.engines.compositional.slots import Slots
from synthgen.engines.compositional.terms import Node, Program, Source, Step, nodes, signature
from synthgen.engines.compositional.writer import Writing


def reference_source(program: Program, name: str) -> str:
    """A module with one function of this name, derived from the term by the reference algorithms only."""
    writing = Writing(program, style="comprehension", dialect="reference", rng=random.Random(0))
    lines: list[str] = []
    if program.guard is not None and program.early is not None:
        test = written(program.guard.body, Code(program.parameters[0].name), dialect="reference")
        lines.append(f"if {test:0}:")
        lines.extend("    " + line for line in _steps(program.early, writing))
    lines.extend(_steps(program.root, writing))
    return "\n".join([signature(program, name), *("    " + line for line in lines)]) + "\n"


def _steps(root: Node, writing: Writing) -> list[str]:
    lines: list[str] = []
    bound: dict[int, Code] = {}
    for node in nodes(root):
        if isinstance(node, Source):
            bound[id(node)] = Code(node.parameter.name)
            continue
        out = writing.names.fresh(f"step_{len(bound) + 1}")
        lines.extend(_step(node, out, bound, writing))
        bound[id(node)] = Code(out)
    return [*lines, f"return {bound[id(root)]}"]


def _step(node: Step, out: str, bound: dict[int, Code], writing: Writing) -> list[str]:
    inputs = tuple(bound[id(one)] for one in node.inputs)
    slots = Slots(writing, node, out=out, source=inputs[0], inputs=inputs if len(inputs) > 1 else ())
    return node.stage.reference(slots).replace("not not ", "").split("\n")
