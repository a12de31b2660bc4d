"""The determinism rung: the same calls give the same results again, in this process and under another hash seed."""

from sandbox.job import Step

LABEL = "determinism"


def plan_determinism(*, second_guest: int) -> Step:
    """The step that sends every recorded call once more to both guests that hold the solution."""
    return Step(check=LABEL, kind="replay", replay_on=second_guest)
