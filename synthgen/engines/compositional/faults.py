"""Plant one realistic, labelled fault in a solution, and show on inputs that it is one.

A fault is a small edit of the source at a place that the syntax tree points to. It counts only if the edited function,
run here, departs from the interpreter: on one of the item's own examples, or on a fair share of inputs drawn as a property
would draw them. What needs a rare input is passed over. The code that runs here is ours; loops are cut off by a counter.
"""

import ast
import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from synthgen.engines.compositional.edits import Edit, edits_of
from synthgen.engines.compositional.terms import Program, evaluate
from synthgen.engines.compositional.trial import Case, argument_for

MOST_STEPS = 20_000
PROBES = 40
FAIR_SHARE = 0.25
RARE = {"infinite_loop": 0.03, "raises_on_empty": 0.3, "lazy_result": 0.3}


@dataclass(frozen=True, slots=True)
class Mutant:
    """An edited source and what was done to it."""

    source: str
    label: str


class _TooManySteps(Exception):
    """A loop of the mutant went on for too long."""


def planted(source: str, name: str, program: Program, examples: Sequence[Case], rng: random.Random) -> Mutant | None:
    """The first edit, in random order, that is shown to change what the function does; None if there is none."""
    edits = [edit for edit in edits_of(source, name, program) if rng.random() < RARE.get(edit.label, 1.0)]
    rng.shuffle(edits)
    edits = _labels_in_turn(edits)
    probes: list[Case] | None = None
    for edit in edits[:40]:
        mutated = source[: edit.start] + edit.text + source[edit.end :]
        function = loaded(mutated, name)
        if function is None:
            continue
        if any(departs(function, program, case) for case in examples):
            return Mutant(mutated, edit.label)
        if probes is None:
            probes = list(_probes(program, rng))
        if sum(departs(function, program, case) for case in probes) >= FAIR_SHARE * len(probes):
            return Mutant(mutated, edit.label)
    return None


def _labels_in_turn(edits: list[Edit]) -> list[Edit]:
    """One edit of each kind first, so that common kinds do not crowd out the others."""
    turns: dict[str, int] = {}
    ranked: list[tuple[int, int, Edit]] = []
    for place, edit in enumerate(edits):
        turns[edit.label] = turns.get(edit.label, 0) + 1
        ranked.append((turns[edit.label], place, edit))
    return [edit for _, _, edit in sorted(ranked, key=lambda entry: entry[:2])]


def _probes(program: Program, rng: random.Random) -> Iterator[Case]:
    for _ in range(PROBES):
        environment = {
            one.name: argument_for(one, rng, size=rng.randint(0, 7), wild=True) for one in program.parameters
        }
        yield environment, evaluate(program, environment)


def loaded(source: str, name: str) -> Callable[..., object] | None:
    """The function, its loops counted; None where the source does not compile or load."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    _Counted().visit(tree)
    steps = [0]

    def tick() -> None:
        steps[0] += 1
        if steps[0] > MOST_STEPS:
            raise _TooManySteps

    namespace: dict[str, object] = {"_tick": tick}
    try:
        exec(compile(ast.fix_missing_locations(tree), "<mutant>", "exec"), namespace)
    except Exception:
        return None
    function = namespace.get(name)
    if not callable(function):
        return None

    def counted(*arguments: object) -> object:
        steps[0] = 0
        return function(*arguments)

    return counted


class _Counted(ast.NodeTransformer):
    """Put a count at the head of every loop's body."""

    def visit_While(self, node: ast.While) -> ast.While:
        """A loop that may never end."""
        self.generic_visit(node)
        node.body.insert(0, _tick_statement())
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        """A loop whose iterable may grow under it."""
        self.generic_visit(node)
        node.body.insert(0, _tick_statement())
        return node


def _tick_statement() -> ast.Expr:
    return ast.Expr(ast.Call(ast.Name("_tick", ast.Load()), [], []))


def departs(function: Callable[..., object], program: Program, case: Case) -> bool:
    """Whether the function gives something else than the interpreter, or nothing at all."""
    environment, expected = case
    arguments = copy.deepcopy([environment[one.name] for one in program.parameters])
    try:
        result = function(*arguments)
    except (Exception, RecursionError):
        return True
    return type(result) is not type(expected) or result != expected
