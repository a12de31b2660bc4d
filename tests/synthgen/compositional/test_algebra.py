"""Every operation of the algebra says the same in each of its writings."""

import random
from collections.abc import Callable

import pytest

from synthgen.engines.compositional.compose import STAGES, bounded, filled_step
from synthgen.engines.compositional.containers import JOINTS
from synthgen.engines.compositional.expressions import Apply, Code, Element, Parameter, function, written
from synthgen.engines.compositional.grow import Scope, apply
from synthgen.engines.compositional.menu import SUBJECTS
from synthgen.engines.compositional.reference import reference_source
from synthgen.engines.compositional.scalars import SCALARS, Scalar, scalars_on
from synthgen.engines.compositional.stages import Stage
from synthgen.engines.compositional.terms import Program, Source, Step, evaluate, signature
from synthgen.engines.compositional.trial import argument_for
from synthgen.engines.compositional.types import INT, STR, Type, annotation, draw, list_of, optional, shown, tuple_of
from synthgen.engines.compositional.writer import STYLES, Writing

KINDS = [kind for kind, _, _ in SUBJECTS]
ELEMENTS: list[Type] = [INT, STR, tuple_of(INT, INT), tuple_of(STR, INT), list_of(INT), list_of(STR), optional(INT)]


def loaded(source: str, name: str) -> Callable[..., object]:
    """The function that this source defines."""
    namespace: dict[str, object] = {}
    exec(source, namespace)
    found = namespace[name]
    assert callable(found)
    return found


def environments(program: Program, count: int) -> list[dict[str, object]]:
    """Arguments, tame and wild."""
    rng = random.Random(7)
    return [
        {one.name: argument_for(one, rng, size=size % 9, wild=size % 2 == 1) for one in program.parameters}
        for size in range(count)
    ]


def test_element_operations_agree() -> None:
    """Both texts of every element operation give what the interpreter gives, on every type that it takes."""
    rng = random.Random(1)
    seen: set[Scalar] = set()
    for kind in ELEMENTS:
        for scalar in scalars_on(kind):
            seen.add(scalar)
            scope = Scope(rng=random.Random(3))
            scope.rng.random()
            body = apply(scalar, Element(kind), scope)
            extras = {one.name: argument_for(one, rng, size=3) for one in scope.parameters}
            run = function(body)
            texts = [written(body, Code("x"), dialect="code"), written(body, Code("x"), dialect="reference")]
            for size in range(40):
                value = draw(kind, rng, size=size % 7, wild=size % 2 == 0)
                expected = run.call(value, extras)
                for text in texts:
                    assert eval(str(text), {"x": value, **extras}) == expected, (scalar.name, str(text), value)
    assert seen == set(SCALARS)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_stages_agree(stage: Stage) -> None:
    """The interpreter, every style of solution and the reference agree on every stage, on every type that it takes."""
    tried = 0
    for kind in [*KINDS, list_of(tuple_of(INT, STR))]:
        if not stage.accepts(kind):
            continue
        for attempt in range(3):
            scope = Scope(rng=random.Random(attempt))
            source = Source(scope.declare(("given",), kind))
            step = filled_step(stage, source, scope, operations=1 + attempt)
            if step is None:
                continue
            parameters = tuple(bounded(one, step) for one in scope.parameters)
            assert_agreement(Program(parameters, step))
            tried += 1
    assert tried, f"no type takes {stage.name}"


@pytest.mark.parametrize("joint", JOINTS, ids=lambda joint: joint.name)
def test_joints_agree(joint: Stage) -> None:
    """What brings two values together agrees in all its writings as well."""
    for kind in (INT, STR, list_of(INT)):
        if joint.accepts(kind):
            left, right = Parameter("left_one", kind), Parameter("right_one", kind)
            result = tuple_of(kind, kind) if joint.name == "both" else joint.gives(kind, ())
            step = Step(joint, (Source(left), Source(right)), (), result)
            assert_agreement(Program((left, right), step))


def assert_agreement(program: Program) -> None:
    """Solution styles and reference give the interpreter's value and leave their arguments alone."""
    functions = {"reference": loaded(reference_source(program, "f"), "f")}
    for style in STYLES:
        writing = Writing(program, style=style, dialect="code", rng=random.Random(0))
        body = ["    " + line for line in writing.body()]
        text = "\n".join([*sorted(writing.imports), *writing.helpers, signature(program, "f"), *body])
        functions[style] = loaded(text, "f")
    for environment in environments(program, 14):
        expected = evaluate(program, environment)
        before = {name: shown(value) for name, value in environment.items()}
        for route, one in functions.items():
            got = one(*[environment[parameter.name] for parameter in program.parameters])
            assert got == expected, (route, environment)
            assert type(got) is type(expected), (route, environment)
        assert before == {name: shown(value) for name, value in environment.items()}


def test_annotations_are_builtin_generics() -> None:
    """Types are written as a strategy can read them."""
    assert annotation(list_of(tuple_of(STR, INT))) == "list[tuple[str, int]]"
    assert annotation(optional(INT)) == "int | None"


def test_precedence_is_kept() -> None:
    """An operand that binds less tightly goes into brackets."""
    add = next(one for one in SCALARS if one.name == "add")
    times = next(one for one in SCALARS if one.name == "multiply")
    scope = Scope(rng=random.Random(5))
    inner = apply(add, Element(INT), scope)
    outer = apply(times, inner, scope)
    assert isinstance(outer, Apply)
    assert str(written(outer, Code("x"), dialect="code")).startswith("(x + ")
