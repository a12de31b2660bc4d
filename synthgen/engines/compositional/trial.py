"""Put a program on trial: draw arguments, run it, and see whether it is worth being an exercise."""

import random

from synthgen.engines.compositional.expressions import Parameter
from synthgen.engines.compositional.terms import Node, Program, Step, evaluate, nodes, value_of
from synthgen.engines.compositional.types import BOOL, PHRASES, STR, WORDS, draw, shown

Case = tuple[dict[str, object], object]

# Lengths of the data in the trial's cases; dull programs show within the first six.
LENGTHS = (0, 3, 1, 5, 4, 6, 2, 5, 6, 7, 8, 8)


def tried(program: Program, rng: random.Random) -> tuple[Case, ...] | None:
    """Arguments from the empty to the long, with the interpreter's results; None as soon as they look dull."""
    cases: list[Case] = []
    results: list[str] = []
    for length in LENGTHS:
        environment = {one.name: argument_for(one, rng, size=length) for one in program.parameters}
        result = evaluate(program, environment)
        cases.append((environment, result))
        results.append(shown(result))
        if len(results) in (6, len(LENGTHS)) and not _varied(program, results):
            return None
    return tuple(case for _, case in sorted(zip(LENGTHS, cases, strict=True), key=lambda pair: pair[0]))


def _varied(program: Program, results: list[str]) -> bool:
    """Whether the results differ enough and stay printable."""
    distinct, most = len(set(results)), max(results.count(result) for result in set(results))
    if len(results) < len(LENGTHS):
        return distinct >= 2
    enough = 2 if program.type == BOOL else 4
    return distinct >= enough and most <= 7 and max(map(len, results)) <= 300 and sum(map(len, results)) <= 1500


def argument_for(parameter: Parameter, rng: random.Random, *, size: int, wild: bool = False) -> object:
    """A value for this parameter that keeps to its bounds."""
    if parameter.low is not None and parameter.high is not None:
        return rng.randint(
            parameter.low, min(parameter.high, parameter.low + 8) if rng.random() < 0.8 and not wild else parameter.high
        )
    if parameter.type == STR and not wild:
        return _text(parameter.name, rng, size=size)
    return draw(parameter.type, rng, size=size, wild=wild)


def _text(name: str, rng: random.Random, *, size: int) -> str:
    if name.startswith(("prefix", "suffix", "start", "ending", "mark", "tail", "separator", "glue", "delimiter")):
        return rng.choice(("a", "b", "s", "t", "-", "st", "te", ""))
    if size == 0:
        return ""
    if size == 1:
        return rng.choice("abs")
    return rng.choice(PHRASES) if rng.random() < 0.6 else rng.choice(WORDS)


def worthwhile(program: Program, cases: tuple[Case, ...]) -> bool:
    """Whether each branch is taken, and the result changes when any stage that could be left out is left out."""
    if program.guard is not None:
        held = [bool(program.guard.call(env[program.parameters[0].name], env)) for env, _ in cases]
        if not 2 <= sum(held) <= 9:
            return False
    return all(_every_stage_matters(root, cases) for root in (program.root, program.early) if root is not None)


def _every_stage_matters(root: Node, cases: tuple[Case, ...]) -> bool:
    known: list[dict[int, object]] = [{} for _ in cases]
    wholes = [value_of(root, env, values) for (env, _), values in zip(cases, known, strict=True)]
    before: list[Node] = []
    for node in nodes(root):
        if isinstance(node, Step) and len(node.inputs) == 1 and node.inputs[0].type == node.type:
            changed = 0
            for (env, _), values, whole in zip(cases, known, wholes, strict=True):
                upstream = {id(one): values[id(one)] for one in before if isinstance(one, Step)}
                changed += value_of(root, env, upstream, without=node) != whole
            if changed < 2:
                return False
        before.append(node)
    return True
