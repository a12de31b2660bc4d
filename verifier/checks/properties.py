"""The properties rung: the sample's Hypothesis properties, and its contract on inputs drawn from types and preconditions."""

from sandbox.job import Step
from verifier.contracts import SOLUTION_NAME, render_contract_test
from verifier.strategies import Underivable, find_constants
from verifier.subject import Subject

LABEL = "properties"
CONTRACT_LABEL = "contract"


def plan_properties(subject: Subject) -> Step | None:
    """The step that runs the sample's own properties; None where it has none."""
    return Step(check=LABEL, source=subject.tests.properties) if subject.tests.properties else None


def plan_contract(subject: Subject) -> Step | Underivable | None:
    """The step that tries the contract on drawn inputs, None where there is no contract."""
    if subject.terms is None:
        return None
    source = render_contract_test(
        subject.terms, constants=find_constants(subject.solution), keywords=subject.passes_by_name
    )
    if isinstance(source, Underivable):
        return source
    return Step(check=CONTRACT_LABEL, source=source, bindings={SOLUTION_NAME: (0, subject.sample.entry_point)})
