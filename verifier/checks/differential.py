"""The differential rung: the solution and an independent reference give the same answers on drawn inputs."""

import ast
from dataclasses import replace

from sandbox.job import Step
from verifier.contracts import RESERVED_PREFIX, SOLUTION_NAME, select_passed
from verifier.shipped import read_shipped
from verifier.signature import Parameter
from verifier.strategies import Underivable, find_constants, render_arguments
from verifier.subject import Subject

LABEL = "differential"
REFERENCE_NAME = "synthgen_reference"


def plan_differential(subject: Subject, *, reference_guest: int) -> Step | Underivable | None:
    """The step that compares the two; None where the sample has no reference."""
    if subject.reference is None:
        return None
    source = render_differential_test(subject)
    if isinstance(source, Underivable):
        return source
    name = subject.sample.entry_point
    return Step(
        check=LABEL,
        source=source,
        bindings={SOLUTION_NAME: (0, name), REFERENCE_NAME: (reference_guest, name)},
    )


def render_differential_test(subject: Subject) -> str | Underivable:
    """A test module with one property: on every drawn input that meets the preconditions, both observe the same."""
    parameters = subject.signature.parameters
    if parameters is None:
        return Underivable(detail=f"{subject.sample.entry_point!r} is no function with named parameters")
    if any(parameter.name.startswith(RESERVED_PREFIX) for parameter in parameters):
        return Underivable(detail=f"a parameter's name begins with {RESERVED_PREFIX!r}")
    passed = subject.terms.parameters if subject.terms is not None else select_passed(parameters)
    pre = subject.terms.pre if subject.terms is not None else ()
    # Constants of both: the reference knows where the true boundaries lie, the solution where it put its own.
    constants = {*find_constants(subject.solution), *(find_constants(subject.reference) if subject.reference else ())}
    arguments = render_arguments(passed, pre, constants=tuple(sorted(constants)))
    if isinstance(arguments, Underivable):
        return arguments
    named = subject.passes_by_name
    by_name = tuple(replace(p, kind="keyword_only") if named and p.kind != "positional_only" else p for p in passed)
    return "\n".join(
        [
            read_shipped("draws"),
            read_shipped("agreement"),
            "from hypothesis import given as synthgen_given",
            arguments,
            "@synthgen_given(synthgen_arguments())",
            "def test_agreement(synthgen_drawn):",
            *_render_assumptions(subject, passed),
            f"    solution = synthgen_observe(lambda drawn: {SOLUTION_NAME}({_render_from_drawn(by_name)}), synthgen_drawn)",
            f"    reference = synthgen_observe(lambda drawn: {REFERENCE_NAME}({_render_from_drawn(passed)}), synthgen_drawn)",
            "    assert synthgen_same(solution, reference), f'the reference {reference[0]} {reference[1]!r:.200}'",
            "",
        ]
    )


def _render_from_drawn(parameters: tuple[Parameter, ...]) -> str:
    return ", ".join(
        f"{p.name}=drawn[{p.name!r}]" if p.kind == "keyword_only" else f"drawn[{p.name!r}]" for p in parameters
    )


def _render_assumptions(subject: Subject, passed: tuple[Parameter, ...]) -> list[str]:
    """Preconditions are evaluated over the drawn values, each under its parameter's name."""
    if subject.terms is None:
        return []
    names = ", ".join(parameter.name for parameter in passed)
    return [
        f"    synthgen_assume(synthgen_holds(lambda: (lambda {names}: {ast.unparse(condition)})(**synthgen_drawn)))"
        for condition in subject.terms.pre
    ]
