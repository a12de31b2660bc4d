"""Compose a program: sources, a chain of stages led by the types, sometimes two chains brought together."""

import random
from dataclasses import dataclass
from functools import cache

from synthgen.engines.compositional.containers import CONTAINERS, JOINTS
from synthgen.engines.compositional.expressions import Constant, Function1, Parameter, size
from synthgen.engines.compositional.folds import FOLDS
from synthgen.engines.compositional.grow import Scope, condition, grow
from synthgen.engines.compositional.scalars import Role
from synthgen.engines.compositional.sequences import SEQUENCES
from synthgen.engines.compositional.stages import Argument, Other, Slot, Stage
from synthgen.engines.compositional.terms import (
    APPLY,
    Node,
    Program,
    Source,
    Step,
    difficulty,
    evaluate,
    nodes,
    parameters_used,
    value_of,
)
from synthgen.engines.compositional.types import (
    BOOL,
    INT,
    PHRASES,
    STR,
    WORDS,
    Type,
    dict_of,
    draw,
    hashable,
    list_of,
    optional,
    set_of,
    shown,
    tuple_of,
)

STAGES: tuple[Stage, ...] = (*SEQUENCES, *FOLDS, *CONTAINERS)

# What a program may be about: type, names of its parameter, weight.
SUBJECTS: tuple[tuple[Type, tuple[str, ...], float], ...] = (
    (list_of(INT), ("numbers", "values", "readings", "scores", "levels", "heights", "temperatures", "samples"), 28),
    (list_of(STR), ("words", "names", "labels", "titles", "tags", "tokens"), 17),
    (STR, ("text", "sentence", "message", "line", "phrase"), 14),
    (dict_of(STR, INT), ("stock", "prices", "votes", "points", "balances", "ages"), 9),
    (list_of(tuple_of(STR, INT)), ("sales", "results", "records", "orders", "entries"), 8),
    (list_of(tuple_of(INT, INT)), ("pairs", "intervals", "moves", "edges"), 6),
    (list_of(list_of(INT)), ("rows", "groups", "batches", "tables"), 7),
    (INT, ("number", "n", "value"), 6),
    (dict_of(STR, list_of(INT)), ("marks", "history", "measurements", "series"), 4),
    (list_of(optional(INT)), ("entries", "answers", "slots", "cells"), 5),
    (dict_of(INT, STR), ("catalogue", "names_by_id", "labels_by_code"), 3),
    (set_of(INT), ("members", "ids", "codes"), 2),
    (tuple_of(INT, INT), ("pair", "point", "bounds"), 1.5),
    (list_of(list_of(STR)), ("paragraphs", "lines", "teams"), 3),
)
TOPICS = {"list": "lists", "str": "strings", "dict": "dicts", "int": "numbers", "tuple": "tuples", "set": "sets"}

BUDGETS = {1: (2, 3), 2: (4, 5), 3: (6, 7), 4: (8, 10), 5: (11, 13)}
DIFFICULTIES = (1, 2, 3, 4, 5)
DIFFICULTY_WEIGHTS = (10, 21, 28, 24, 17)

# Pairs that a reader would shake their head at: the second right after the first.
_NEVER_AFTER: dict[str, tuple[str, ...]] = {
    "sort": ("sort_down", "sort_flag", "reverse", "rise", "rising", "running_max", "leaders", "inversions", "peaks", "length", "sum", "any", "all", "count", "average", "span"),
    "sort_down": ("sort", "sort_flag", "reverse", "rise", "rising", "running_max", "leaders", "inversions", "peaks"),
    "sort_flag": ("sort", "sort_down", "reverse", "rising"),
    "sort_by": ("sort", "sort_down", "sort_flag", "sort_down_by", "reverse"),
    "sort_down_by": ("sort", "sort_down", "sort_flag", "sort_by", "reverse"),
    "reverse": ("sort", "sort_down", "sort_flag", "reverse", "rotate"),
    "unique": ("squeeze", "mode", "distinct", "length", "repeated", "as_set", "frequencies", "run_lengths", "repeat"),
    "repeat": ("unique", "squeeze", "distinct", "as_set", "repeated", "mode"),
    "windows": ("flatten",),
    "chunks": ("flatten",),
    "groups": ("flatten",),
    "take": ("take", "drop", "take_last", "drop_while"),
    "drop": ("drop", "take_last", "take", "take_while"),
    "take_last": ("take_last", "drop", "take"),
    "differences": ("running_sum", "differences"),
    "running_sum": ("differences", "running_sum"),
    "running_max": ("rising", "leaders", "sort", "rise", "peaks", "running_max"),
    "leaders": ("sort", "rising", "rise", "running_max", "inversions", "sort_down", "unique", "squeeze", "peaks"),
    "upto": ("sort", "reverse", "rising", "rise", "unique", "distinct", "squeeze", "running_max", "leaders", "inversions", "mode",
             "repeated", "largest", "smallest", "largest_or", "length", "frequencies", "run_lengths", "second", "peaks", "differences"),
    "divisors": ("sort", "rising", "rise", "unique", "distinct", "running_max", "leaders", "inversions", "mode", "repeated", "largest",
                 "largest_or", "smallest", "squeeze", "frequencies", "run_lengths", "peaks"),
    "squeeze": ("squeeze", "run_lengths"),
    "keys": ("unique", "distinct", "frequencies", "mode", "repeated", "squeeze", "run_lengths"),
    "numbered": ("numbered", "unique", "distinct", "as_set", "best"),
    "sorted_set": ("length", "sum", "count", "any", "all", "span", "largest", "smallest", "largest_or", "second", "average", "product", "sort", "sort_flag", "unique", "distinct", "frequencies", "mode", "repeated", "squeeze", "run_lengths", "rising", "rise", "as_set",
                   "inversions", "leaders", "running_max", "peaks"),
    "items": ("unique", "distinct", "as_set"),
    "sorted_items": ("sort", "unique", "distinct", "as_set"),
    "frequencies": ("lookup", "invert"),
    "places": ("sort", "unique", "rising", "running_max", "leaders", "distinct", "rise", "inversions", "mode", "frequencies"),
}
_ONLY_ON_SOURCE = frozenset({"upto", "divisors", "lookup", "merge", "bits"})


Case = tuple[dict[str, object], object]
LENGTHS = (0, 3, 1, 5, 4, 6, 2, 5, 6, 7, 8, 8)

# Stages that only change the order, and stages right after which that order is lost.
_REORDER = frozenset({"sort", "sort_down", "sort_flag", "sort_by", "sort_down_by", "reverse", "rotate", "sorted_set"})
_ORDER_BLIND = frozenset({"sum", "count", "any", "all", "length", "distinct", "largest", "smallest", "largest_or", "second", "span", "average",
                          "as_set", "product", "repeated", "frequencies", "sort", "sort_down", "sort_flag"})


@dataclass(frozen=True, slots=True)
class Trial:
    """A program that survived its trial, with the arguments and results that examples are taken from."""

    program: Program
    cases: tuple[Case, ...]


def compose(rng: random.Random) -> Trial:
    """A program that is no dead end: it varies with its input, and every stage of it matters."""
    target = rng.choices(DIFFICULTIES, DIFFICULTY_WEIGHTS)[0]
    weights = [weight if kind.kind != "tuple" or target <= 3 else 0.0 for kind, _, weight in SUBJECTS]
    subject = rng.choices(SUBJECTS, weights)[0]
    shape = rng.random()
    while True:
        program = _attempt(rng, target, subject, shape)
        if program is not None and difficulty(program) == target:
            cases = _cases(program, rng)
            if cases is not None and _worthwhile(program, cases):
                return Trial(program, cases)


def _attempt(rng: random.Random, target: int, subject: tuple[Type, tuple[str, ...], float], shape: float) -> Program | None:
    scope = Scope(rng=rng)
    budget = rng.randint(*BUDGETS[target])
    kind, names, _ = subject
    source: Node = Source(scope.declare(names, kind))
    guard: Function1 | None = None
    early: Node | None = None
    root: Node | None
    if target >= 2 and shape < 0.3:
        root = _joined(source, scope, budget)
    elif target >= 2 and shape < 0.42 and kind.kind in ("list", "str", "int"):
        root = _chain(source, scope, budget * 2 // 3, deepest=4)
        guard = condition(kind, scope, operations=1)
        early = _chain(source, scope, max(1, budget // 3), deepest=2, wanted=root.type) if root is not None else None
        if guard is None or early is None:
            return None
    else:
        root = _chain(source, scope, budget, deepest=6)
    if root is None or isinstance(root, Source) or not _presentable(root.type):
        return None
    parameters = tuple(_bounded(parameter, root) for parameter in scope.parameters)
    program = Program(parameters, root, guard, early)
    used = parameters_used(program)
    return Program(tuple(one for one in parameters if one.name in used), root, guard, early)


def _bounded(parameter: Parameter, root: Node) -> Parameter:
    """A number that is counted up to must stay small; the bound becomes a precondition."""
    if parameter.type != INT or parameter.low is not None:
        return parameter
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Step):
            if node.stage.name in ("upto", "divisors") and isinstance(node.inputs[0], Source) and node.inputs[0].parameter == parameter:
                return Parameter(parameter.name, INT, 0, 30 if node.stage.name == "upto" else 120)
            pending.extend(node.inputs)
    return parameter


def _presentable(kind: Type) -> bool:
    return _depth(kind) <= 3 and not (kind.kind == "set" and not hashable(kind.item))


def _depth(kind: Type) -> int:
    return 1 + max((_depth(item) for item in kind.items), default=0)


def _chain(node: Node, scope: Scope, budget: int, *, deepest: int, wanted: Type | None = None) -> Node | None:
    """Stages one after the other until the budget is spent; None where `wanted` was not reached."""
    current: Node = node
    spent = 0
    for depth in range(deepest):
        if spent >= budget or (wanted is not None and depth > 0 and current.type == wanted):
            break
        least = min(3, max(1, -(-(budget - spent) // (deepest - depth)) - 1))
        operations = min(4, budget - spent, scope.rng.randint(least, max(least, (budget - spent + 1) // 2)))
        step = _next(current, scope, operations=operations, closing=spent + 2 >= budget, left=budget - spent, wanted=wanted)
        if step is None:
            break
        current = step
        spent += _cost(step)
    if current is node or (wanted is not None and current.type != wanted):
        return None
    return current


def _cost(step: Step) -> int:
    """What the step adds to the program's count of operations."""
    inner = sum(size(argument.body) for argument in step.arguments if isinstance(argument, Function1))
    return inner + (step.stage.name not in ("map", "apply"))


def _next(node: Node, scope: Scope, *, operations: int, closing: bool, left: int, wanted: Type | None) -> Step | None:
    rng = scope.rng
    last = node.stage.name if isinstance(node, Step) else ""
    if node.type.kind in ("int", "str", "tuple", "optional") and last != "apply" and (last or node.type.kind == "tuple"):
        if rng.random() < (0.55 if node.type.kind == "int" else 0.8) or node.type.kind in ("tuple", "optional"):
            return _step(APPLY, node, scope, operations=operations)
    barred = _NEVER_AFTER.get(last, ())
    usable = [
        stage
        for stage in _stages_on(node.type)
        if (stage.name != last or last in ("map", "filter") and rng.random() < 0.1)
        and stage.name not in barred
        and not (last in _REORDER and stage.name in _ORDER_BLIND)
        and not (stage.name in _ONLY_ON_SOURCE and last)
        and (closing or not stage.final)
    ]
    if wanted is not None and closing:
        reaching = [stage for stage in usable if not stage.slots and stage.gives(node.type, ()) == wanted]
        usable = reaching or usable
    if not usable:
        return None
    weights = [_weight(stage, last, closing=closing) for stage in usable]
    for _ in range(4):
        stage = rng.choices(usable, weights)[0]
        declared = len(scope.parameters)
        step = _step(stage, node, scope, operations=operations)
        if step is not None and _depth(step.type) <= 3 and _cost(step) <= left:
            return step
        del scope.parameters[declared:]
    return None


@cache
def _stages_on(kind: Type) -> tuple[Stage, ...]:
    return tuple(stage for stage in STAGES if stage.accepts(kind))


_FOLDS = frozenset(stage.name for stage in FOLDS)


def _weight(stage: Stage, last: str, *, closing: bool) -> float:
    """Folds end a chain, so they wait for its end; digits of a number that was just computed are seldom of interest."""
    if stage.name == "digits" and last:
        return 0.1 * stage.weight
    if stage.name in _FOLDS:
        return stage.weight * (3.0 if closing else 0.25)
    return stage.weight


def _step(stage: Stage, node: Node, scope: Scope, *, operations: int) -> Step | None:
    declared = len(scope.parameters)
    arguments: list[Argument] = []
    for slot in stage.slots:
        argument = _fill(slot, stage, node.type, scope, operations=operations)
        if argument is None:
            del scope.parameters[declared:]
            return None
        arguments.append(argument)
    return Step(stage, (node,), tuple(arguments), stage.gives(node.type, tuple(arguments)))


def _fill(slot: Slot, stage: Stage, given: Type, scope: Scope, *, operations: int) -> Argument | None:
    if isinstance(slot, Role):
        chosen = scope.operand(slot)
        return chosen if isinstance(chosen, Constant | Parameter) else None
    if isinstance(slot, Other):
        if len(scope.parameters) > 2:
            return None
        return scope.declare(slot.names, slot.type(given))
    element = given if stage is APPLY else given.items[-1]
    if slot == "condition":
        return condition(element, scope, operations=min(operations, 3))
    if slot == "integer":
        return grow(element, scope, gives=INT, operations=min(operations, 2))
    if slot == "key":
        return grow(element, scope, gives=scope.rng.choice((INT, INT, STR)), operations=min(operations, 2))
    grown = grow(element, scope, gives=None, operations=operations)
    return grown if grown is not None and _depth(grown.type) <= 2 and not (stage is APPLY and grown.type == BOOL) else None


def _joined(source: Node, scope: Scope, budget: int) -> Node | None:
    """Two chains from one beginning, or from two parameters, brought together."""
    rng = scope.rng
    trunk: Node | None = source
    shared = 0
    if rng.random() < 0.5:
        trunk = _chain(source, scope, max(1, budget // 3), deepest=2)
        if trunk is None or trunk.type.kind not in ("list", "dict", "str"):
            return None
        shared = sum(_cost(node) for node in nodes(trunk) if isinstance(node, Step))
    left = _chain(trunk, scope, max(1, (budget - 1 - shared) // 2), deepest=3)
    if left is None:
        return None
    start: Node = trunk
    if rng.random() < 0.2 and trunk is source:
        names = ("others", "second", "rivals") if source.type.kind == "list" else ("other", "second_one")
        start = Source(scope.declare(names, source.type))
    any_type = left.type in (INT, STR) or left.type.kind == "list"
    left_cost = sum(_cost(node) for node in nodes(left) if isinstance(node, Step) and node is not trunk)
    right = _chain(start, scope, max(1, budget - 1 - left_cost), deepest=3, wanted=left.type if any_type and rng.random() < 0.75 else None)
    if right is None or _same_shape(left, right):
        return None
    joints = [
        joint for joint in JOINTS if joint.accepts(left.type) and (left.type == right.type or joint.name == "both")
        and joint.accepts(right.type)
    ]
    if not joints:
        return None
    joint = rng.choices(joints, [one.weight for one in joints])[0]
    kind = tuple_of(left.type, right.type) if joint.name == "both" else joint.gives(left.type, ())
    return Step(joint, (left, right), (), kind)


def _same_shape(left: Node, right: Node) -> bool:
    if isinstance(left, Source) or isinstance(right, Source):
        return left is right
    return left.stage is right.stage and left.inputs[0] is right.inputs[0] and left.arguments == right.arguments


def _cases(program: Program, rng: random.Random) -> tuple[Case, ...] | None:
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
        return rng.randint(parameter.low, min(parameter.high, parameter.low + 8) if rng.random() < 0.8 and not wild else parameter.high)
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


def _worthwhile(program: Program, cases: tuple[Case, ...]) -> bool:
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
