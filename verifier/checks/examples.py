"""The examples rung: the sample's own asserts and test functions, in the driver, against the solution in its guest."""

from sandbox.job import Step
from verifier.subject import Subject

LABEL = "examples"


def plan_examples(subject: Subject) -> Step | None:
    """The step that runs the sample's examples; None where it has none."""
    return Step(check=LABEL, source=subject.tests.examples) if subject.tests.examples else None
