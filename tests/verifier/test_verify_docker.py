"""The ladder in real sandboxes: one sample for each thing a solution can be or do."""

import pytest

from sandbox.limits import Limits
from sandbox.pool import Pool
from verifier.problem import Sample
from verifier.verdict import Assurance, Check, Reason, Status, Verdict
from verifier.verify import VerifyOptions, verify

pytestmark = pytest.mark.docker

BASE = {
    "task_id": "x/1",
    "entry_point": "f",
    "solution": "def f(n: int, xs: list[int]) -> int:\n    return n + len(xs)\n",
    "tests": (
        "from hypothesis import given, strategies as st\n"
        "assert f(1, [2]) == 2\n"
        "@given(st.integers())\n"
        "def test_without_items(n):\n    assert f(n, []) == n\n"
    ),
    "contracts": {"pre": ["n >= 0"], "post": ["__return__ >= n"]},
    "reference": "def f(n, xs):\n    return len(xs) + n\n",
}
TIGHT = Limits(cpu_s=1, wall_s=20.0)


def judge(pool: Pool, **fields: object) -> Verdict:
    return verify(Sample.model_validate({**BASE, **fields}), pool=pool, options=VerifyOptions(limits=TIGHT))


def test_a_right_solution_is_proved(pool: Pool) -> None:
    """Every rung passes, CrossHair confirms every path."""
    verdict = judge(pool)
    assert verdict.accepted, verdict
    assert verdict.assurance is Assurance.PROVED
    assert {result.status for result in verdict.checks} == {Status.PASSED}


def test_a_sample_gives_the_same_verdict_again(pool: Pool) -> None:
    """All but the timings repeat, the smallest counterexample included."""
    wrong = "def f(n: int, xs: list[int]) -> int:\n    return n + len(xs) if len(xs) < 4 else n - 1\n"
    first, second = (
        [result.model_dump(exclude={"wall_s"}) for result in judge(pool, solution=wrong).checks] for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("fields", "reason", "counterexample"),
    [
        ({"solution": "def f(n, xs):\n    return n\n"}, Reason.EXAMPLE_FAILED, "f(n=1, xs=[2])"),
        ({"solution": "def f(n, xs):\n    return abs(n) + len(xs)\n"}, Reason.PROPERTY_REFUTED, "f(n=-1, xs=[])"),
        (
            {"solution": "def f(n: int, xs: list[int]) -> int:\n    return n + len(xs) if len(xs) < 4 else n - 1\n"},
            Reason.CONTRACT_REFUTED,
            "f(n=0, xs=[0, 0, 0, 0])",
        ),
        (
            {"solution": "def f(n: int, xs: list[int]) -> int:\n    return n + min(len(xs), 4)\n"},
            Reason.REFERENCE_DISAGREES,
            "f(n=0, xs=[0, 0, 0, 0, 0])",
        ),
        (
            {"solution": "def f(n: int, xs: list[int]) -> int:\n    return True + n - 1 + len(xs) if n else bool(xs)\n", "contracts": None, "tests": ""},
            Reason.REFERENCE_DISAGREES,
            None,
        ),
        (
            {
                "solution": "def f(n: int, xs: list[int]) -> int:\n    return n + len(xs) if n != 123456789 else 0\n",
                "tests": "assert f(1, [2]) == 2",
                "reference": "",
            },
            Reason.SYMBOLIC_REFUTED,
            "f(n=123456789, xs=[])",
        ),
        ({"solution": "def f(n, xs):\n    raise KeyError(n)\n"}, Reason.SOLUTION_RAISED, "f(n=1, xs=[2])"),
        ({"solution": "import nothing_of_that_name\ndef f(n, xs): ...\n"}, Reason.LOAD_FAILED, None),
        ({"solution": "import os\ndef f(n, xs):\n    os._exit(0)\n"}, Reason.SOLUTION_EXITED, "f(n=1, xs=[2])"),
        ({"solution": "import os\ndef f(n, xs):\n    os.abort()\n"}, Reason.SOLUTION_CRASHED, "f(n=1, xs=[2])"),
        ({"solution": "def f(n, xs):\n    while True: pass\n"}, Reason.CPU_LIMIT, "f(n=1, xs=[2])"),
        ({"solution": "def f(n, xs):\n    return f\n"}, Reason.NONPLAIN_VALUE, "f(n=1, xs=[2])"),
        ({"solution": "def f(n, xs):\n    return [0] * 10**7\n"}, Reason.VALUE_TOO_LARGE, "f(n=1, xs=[2])"),
        ({"tests": "assert True"}, Reason.SOLUTION_NOT_CALLED, None),
        ({"tests": "assert undefined_name == 1"}, Reason.TESTS_MALFORMED, None),
        ({"contracts": {"pre": ["n > 0", "n < 0"], "post": ["__return__ >= n"]}}, Reason.VACUOUS_PRECONDITION, None),
        ({"reference": "def f(n, xs):\n    raise SystemExit\n", "contracts": None}, Reason.REFERENCE_DISAGREES, None),
        ({"reference": "import os\ndef f(n: int, xs: list[int]):\n    os._exit(1)\n"}, Reason.REFERENCE_BROKEN, None),
    ],
)  # fmt: skip
def test_a_wrong_sample_is_refused_with_its_reason(
    fields: dict[str, object], reason: Reason, counterexample: str | None, pool: Pool
) -> None:
    """The reason names what happened, and the counterexample is the smallest call that shows it."""
    verdict = judge(pool, **fields)
    assert (verdict.accepted, verdict.reason) == (False, reason), verdict
    assert counterexample is None or counterexample in [result.counterexample for result in verdict.checks]


@pytest.mark.parametrize(
    "solution",
    [
        "import random, time, os\ndef f(n, xs):\n    return n + len(xs) + int.from_bytes(os.urandom(4), 'big')\n",
        "calls = 0\ndef f(n, xs):\n    global calls\n    calls += 1\n    return calls\n",
        "def f(n, xs):\n    return list({'a', 'b', 'c', 'd', 'e', 'f', 'g'})\n",
    ],
    ids=["random", "counts its calls", "hash order"],
)
def test_a_solution_that_answers_differently_again_is_nondeterministic(solution: str, pool: Pool) -> None:
    """Examples too weak to notice do not help: the same call is made again, under two hash seeds."""
    verdict = judge(pool, solution=solution, tests="assert f(1, [2]) is not None", contracts=None, reference=None)
    assert verdict.reason is Reason.NONDETERMINISTIC, verdict


def test_an_in_place_function_is_judged_by_what_it_leaves(pool: Pool) -> None:
    """A function that returns None may change its argument, and the contract sees both states."""
    verdict = judge(
        pool,
        solution="def f(xs: list[int]) -> None:\n    xs.sort()\n",
        tests="def test_sorts():\n    xs = [2, 1]\n    f(xs)\n    assert xs == [1, 2]\n",
        contracts={"post": ["xs == sorted(__old__.xs)"]},
        reference="def f(xs: list[int]) -> None:\n    xs[:] = sorted(xs)\n",
    )
    assert verdict.accepted, verdict


def test_a_class_is_judged_by_its_tests(pool: Pool) -> None:
    """A class cannot cross the wall, so a test that uses an instance's methods is refused as it stands."""
    verdict = judge(
        pool,
        solution="class f:\n    def __init__(self, n):\n        self.n = n\n",
        tests="assert f(1).n == 1",
        contracts=None,
        reference=None,
    )
    assert verdict.reason is Reason.NONPLAIN_VALUE


def test_an_ineligible_solution_stays_below_the_symbolic_rung(pool: Pool) -> None:
    """A source that could reach CrossHair's process is cross-checked at best."""
    verdict = judge(pool, solution="import sys\n" + str(BASE["solution"]))
    assert (verdict.accepted, verdict.assurance) == (True, Assurance.CROSS_CHECKED)
    assert verdict.checks[-1].check is Check.SYMBOLIC
    assert verdict.checks[-1].detail == "not eligible: it imports 'sys'"


def test_a_confirmed_word_from_a_hostile_process_is_not_even_asked_for(pool: Pool) -> None:
    """The control: the same wrong program is caught by the concrete rungs whatever it would say of itself."""
    verdict = judge(
        pool,
        solution="import os\ndef f(n: int, xs: list[int]) -> int:\n    return n + len(xs) if len(xs) < 9 else -1\n",
    )
    assert not verdict.accepted
