"""Compose a program: sources, a chain of stages led by the types, sometimes two chains brought together."""

import random
from dataclasses import dataclass
from functools import cache

from synthgen.engines.compositional.containers import CONTAINERS, JOINTS
from synthgen.engines.compositional.expressions import Constant, Function1, Parameter, size
from synthgen.engines.compositional.folds import FOLDS
from synthgen.engines.compositional.grow import Scope, condition, grow
from synthgen.engines.compositional.menu import NEVER_AFTER, ONLY_ON_SOURCE, ORDER_BLIND, REORDER, SUBJECTS
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
    nodes,
    parameters_used,
)
from synthgen.engines.compositional.trial import Case, tried, worthwhile
from synthgen.engines.compositional.types import BOOL, INT, STR, Type, hashable, tuple_of

STAGES: tuple[Stage, ...] = (*SEQUENCES, *FOLDS, *CONTAINERS)

# How often a single value, once computed, is taken further by a function of it.
APPLY_SHARE = {"int": 0.55, "str": 0.8, "tuple": 1.0, "optional": 1.0}

BUDGETS = {1: (2, 3), 2: (4, 5), 3: (6, 7), 4: (8, 10), 5: (11, 13)}
DIFFICULTIES = (1, 2, 3, 4, 5)
DIFFICULTY_WEIGHTS = (10, 21, 28, 24, 17)


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
            cases = tried(program, rng)
            if cases is not None and worthwhile(program, cases):
                return Trial(program, cases)


def _attempt(
    rng: random.Random, target: int, subject: tuple[Type, tuple[str, ...], float], shape: float
) -> Program | None:
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
    parameters = tuple(bounded(parameter, root) for parameter in scope.parameters)
    program = Program(parameters, root, guard, early)
    used = parameters_used(program)
    return Program(tuple(one for one in parameters if one.name in used), root, guard, early)


def bounded(parameter: Parameter, root: Node) -> Parameter:
    """A number that is counted up to must stay small; the bound becomes a precondition."""
    if parameter.type != INT or parameter.low is not None:
        return parameter
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Step):
            if (
                node.stage.name in ("upto", "divisors")
                and isinstance(node.inputs[0], Source)
                and node.inputs[0].parameter == parameter
            ):
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
        step = _next(
            current, scope, operations=operations, closing=spent + 2 >= budget, left=budget - spent, wanted=wanted
        )
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
    if (
        node.type.kind in ("int", "str", "tuple", "optional")
        and last != "apply"
        and (last or node.type.kind == "tuple")
    ) and (rng.random() < (0.55 if node.type.kind == "int" else 0.8) or node.type.kind in ("tuple", "optional")):
        return filled_step(APPLY, node, scope, operations=operations)
    usable, weights = _menu(node.type, last, closing)
    if wanted is not None and closing:
        reaching = [
            (stage, weight)
            for stage, weight in zip(usable, weights, strict=True)
            if not stage.slots and stage.gives(node.type, ()) == wanted
        ]
        if reaching:
            usable, weights = tuple(stage for stage, _ in reaching), tuple(weight for _, weight in reaching)
    if not usable:
        return None
    for _ in range(4):
        stage = rng.choices(usable, weights)[0]
        declared = len(scope.parameters)
        step = filled_step(stage, node, scope, operations=operations)
        if step is not None and _depth(step.type) <= 3 and _cost(step) <= left:
            return step
        del scope.parameters[declared:]
    return None


_FOLDS = frozenset(stage.name for stage in FOLDS)


@cache
def _menu(kind: Type, last: str, closing: bool) -> tuple[tuple[Stage, ...], tuple[float, ...]]:  # noqa: FBT001 - a cache key
    """The stages that may follow stage `last` on a value of this type, with their weights."""
    barred = NEVER_AFTER.get(last, ())
    usable = tuple(
        stage
        for stage in STAGES
        if stage.accepts(kind)
        and (stage.name != last or last in ("map", "filter"))
        and stage.name not in barred
        and not (last in REORDER and stage.name in ORDER_BLIND)
        and not (stage.name in ONLY_ON_SOURCE and last)
        and (closing or not stage.final)
    )
    return usable, tuple(_weight(stage, last, closing=closing) for stage in usable)


def _weight(stage: Stage, last: str, *, closing: bool) -> float:
    """Folds end a chain, so they wait for its end; digits of a number that was just computed are seldom of interest."""
    if stage.name == last or (stage.name == "digits" and last):
        return 0.1 * stage.weight
    if stage.name in _FOLDS:
        return stage.weight * (3.0 if closing else 0.25)
    return stage.weight


def filled_step(stage: Stage, node: Node, scope: Scope, *, operations: int) -> Step | None:
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
    return (
        grown if grown is not None and _depth(grown.type) <= 2 and not (stage is APPLY and grown.type == BOOL) else None
    )


def _joined(source: Node, scope: Scope, budget: int) -> Node | None:
    """Two chains from one beginning, or from two parameters, brought together."""
    rng = scope.rng
    trunk = source
    shared = 0
    if rng.random() < 0.5:
        begun = _chain(source, scope, max(1, budget // 3), deepest=2)
        if begun is None or begun.type.kind not in ("list", "dict", "str"):
            return None
        trunk = begun
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
    right = _chain(
        start,
        scope,
        max(1, budget - 1 - left_cost),
        deepest=3,
        wanted=left.type if any_type and rng.random() < 0.75 else None,
    )
    if right is None or _same_shape(left, right):
        return None
    joints = [
        joint
        for joint in JOINTS
        if joint.accepts(left.type) and (left.type == right.type or joint.name == "both") and joint.accepts(right.type)
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
