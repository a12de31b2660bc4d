"""A program as a typed term, and its interpreter: the route that expected values come from."""

from collections.abc import Mapping
from dataclasses import dataclass

from synthgen.engines.compositional.expressions import Constant, Function1, Parameter, parameters_of, size
from synthgen.engines.compositional.stages import Argument, Stage, function_of
from synthgen.engines.compositional.types import INT, Type, annotation

Environment = Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A data parameter of the program."""

    parameter: Parameter

    @property
    def type(self) -> Type:
        """The parameter's type."""
        return self.parameter.type


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A stage applied to earlier nodes."""

    stage: Stage
    inputs: tuple["Node", ...]
    arguments: tuple[Argument, ...]
    type: Type


Node = Source | Step


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A whole program. guard and early: where the guard holds of the first parameter, the result is early's instead."""

    parameters: tuple[Parameter, ...]
    root: Node
    guard: Function1 | None = None
    early: Node | None = None

    @property
    def type(self) -> Type:
        """The type of the result."""
        return self.root.type


def _apply(value: object, function: object) -> object:
    return function(value) if callable(function) else None


# A function of one element, used on a whole value.
APPLY = Stage(
    "apply",
    lambda _: True,
    lambda _, arguments: function_of(arguments[0]).type,
    _apply,
    lambda c: str(c.f(0, c.src)),
    lambda c: f"{c.out} = {c.f(0, c.src):1}",
    "{0}",
    names=("outcome", "adjusted", "value"),
    slots=("map",),
    level=0,
)


def nodes(root: Node) -> list[Node]:
    """Every node once, inputs before what uses them."""
    found: dict[int, Node] = {}
    _gather(root, found)
    return list(found.values())


def _gather(root: Node, found: dict[int, Node]) -> None:
    if isinstance(root, Step):
        for node in root.inputs:
            if id(node) not in found:
                _gather(node, found)
    found[id(root)] = root


def steps(program: Program) -> tuple[Step, ...]:
    """Every step of the program once, those of the early branch first."""
    found: list[Step] = []
    for root in (program.early, program.root):
        if root is not None:
            found.extend(node for node in nodes(root) if isinstance(node, Step) and node not in found)
    return tuple(found)


def operations(program: Program) -> int:
    """How much there is to understand: stages plus the operations inside their functions."""
    guard = size(program.guard.body) + 1 if program.guard is not None else 0
    inner = sum(
        size(argument.body) for step in steps(program) for argument in step.arguments if isinstance(argument, Function1)
    )
    maps = sum(step.stage.name in ("map", "apply") for step in steps(program))
    return guard + inner + len(steps(program)) - maps


def difficulty(program: Program) -> int:
    """1 (two or three operations) to 5 (eleven and more)."""
    count = operations(program)
    return 1 if count <= 3 else 2 if count <= 5 else 3 if count <= 7 else 4 if count <= 10 else 5


def parameters_used(program: Program) -> set[str]:
    """The names of the parameters that the program reads."""
    names = {argument.name for step in steps(program) for argument in step.arguments if isinstance(argument, Parameter)}
    functions = [argument for step in steps(program) for argument in step.arguments if isinstance(argument, Function1)]
    if program.guard is not None:
        functions.append(program.guard)
    for one in functions:
        names.update(parameter.name for parameter in parameters_of(one.body))
    for root in (program.root, program.early):
        if root is not None:
            names.update(node.parameter.name for node in nodes(root) if isinstance(node, Source))
    if program.guard is not None:
        names.add(program.parameters[0].name)
    return names


def evaluate(program: Program, environment: Environment) -> object:
    """The program's result for these arguments."""
    return value_of(_taken(program, environment), environment, {})


def _taken(program: Program, environment: Environment) -> Node:
    """The branch that these arguments lead to."""
    if program.guard is None or program.early is None:
        return program.root
    return program.early if program.guard.call(environment[program.parameters[0].name], environment) else program.root


def value_of(node: Node, environment: Environment, known: dict[int, object], *, without: Step | None = None) -> object:
    """The value of one node; `without` is passed over, as if its input were its result."""
    if isinstance(node, Source):
        return environment[node.parameter.name]
    if id(node) in known:
        return known[id(node)]
    inputs = [value_of(one, environment, known, without=without) for one in node.inputs]
    if node is without:
        result = inputs[0]
    else:
        result = node.stage.evaluate(*inputs, *[_argument(argument, environment) for argument in node.arguments])
    known[id(node)] = result
    return result


def _argument(argument: Argument, environment: Environment) -> object:
    if isinstance(argument, Constant):
        return argument.value
    if isinstance(argument, Parameter):
        return environment[argument.name]
    call = argument.call
    return lambda element: call(element, environment)


def preconditions(program: Program) -> tuple[str, ...]:
    """What callers must keep to, one expression for each bounded parameter."""
    return tuple(
        f"{parameter.low} <= {parameter.name} <= {parameter.high}"
        for parameter in program.parameters
        if parameter.low is not None and parameter.type == INT
    )


def signature(program: Program, name: str) -> str:
    """The head of the function."""
    parameters = ", ".join(f"{one.name}: {annotation(one.type)}" for one in program.parameters)
    return f"def {name}({parameters}) -> {annotation(program.type)}:"


def wrapped_signature(program: Program, name: str) -> list[str]:
    """The head of the function, one parameter a line where it is long."""
    line = signature(program, name)
    if len(line) <= 100:
        return [line]
    return [
        f"def {name}(",
        *(f"    {one.name}: {annotation(one.type)}," for one in program.parameters),
        f") -> {annotation(program.type)}:",
    ]
