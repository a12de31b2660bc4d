"""What a pool says of a job: each way a program or a test can end has its own outcome."""

import pytest

from sandbox.job import FailureKind, Guest, Step, TestsJob
from sandbox.limits import Ended, Limits
from sandbox.pool import Pool
from tests.sandbox.jobs import SHORT, failure_of, job, passes, run_to_failure, without_times

pytestmark = pytest.mark.docker

IDENTITY = "def f(x):\n    return x\n"


def test_a_right_solution_passes(pool: Pool) -> None:
    """A job whose tests all hold reports its counts and finds every process alive at its end."""
    tests = "assert f(1) == 1\nassert f([2]) == [2]\ndef test_more():\n    assert f(x=3) == 3\n"
    result = pool.run_tests(job(IDENTITY, tests, replays=True))
    assert passes(result)
    assert result.steps is not None
    examples, determinism = result.steps
    assert (examples.collected, examples.finished, examples.passed, examples.calls) == (3, 3, 3, 3)
    assert determinism.passed == 3


def test_a_wrong_solution_is_refuted_by_its_assert(pool: Pool) -> None:
    """The failure holds the assert's text, the call and what it returned."""
    failure = run_to_failure(pool, "def f(x, y=0):\n    return x + 1\n", "assert f(1, y=2) == 1")
    assert (failure.kind, failure.message) == ("assertion", "assert f(1, y=2) == 1")
    assert (failure.call, failure.outcome, failure.test) == ("f(x=1, y=2)", "returned 2", "assert, line 1")


def test_the_first_failing_step_ends_the_job(pool: Pool) -> None:
    """Steps after a failed one are not taken."""
    step = Step(check="examples", source="assert f(1) == 2", bindings={"f": (0, "f")})
    two_steps = TestsJob(guests=(Guest(source=IDENTITY),), steps=(step, step), entry_point="f", uses_hypothesis=False)
    result = pool.run_tests(two_steps)
    assert result.steps is not None
    assert len(result.steps) == 1


@pytest.mark.parametrize(
    ("body", "ended", "code"),
    [
        ("import os; os._exit(0)", Ended.EXITED, 0),
        ("import os; os._exit(3)", Ended.EXITED, 3),
        ("import os; os.kill(os.getpid(), 11)", Ended.SIGNALLED, -11),
        ("import os; os.kill(os.getpid(), 9)", Ended.SIGNALLED, -9),
        ("import ctypes; ctypes.string_at(0)", Ended.SIGNALLED, -11),
        ("while True: pass", Ended.CPU_LIMIT, -24),
        ("import signal; signal.signal(24, signal.SIG_IGN)\n    while True: pass", Ended.CPU_LIMIT, -9),
    ],
    ids=["exit 0", "exit 3", "segmentation fault", "kill", "null pointer", "cpu loop", "cpu loop that ignores"],
)
@pytest.mark.parametrize("moment", ["import", "call"])
def test_a_guest_that_ends_is_told_by_the_kernel(pool: Pool, body: str, ended: Ended, code: int, moment: str) -> None:
    """An exit, a signal or a spent CPU limit is `guest_gone` with the process's outcome; exit 0 is no pass."""
    solution = f"def f(x):\n    {body}\n    return x\n"
    if moment == "import":
        solution += "f(0)\n"
    result = pool.run_tests(job(solution, "assert f(1) == 1"))
    assert failure_of(result).kind == "guest_gone"
    assert (result.guests[0].ended, result.guests[0].code) == (ended, code)
    assert result.driver.ended is Ended.ALIVE


def test_a_sleeping_guest_meets_the_wall_limit(pool: Pool) -> None:
    """Sleep costs no CPU: the wall clock ends it, and then there is no report."""
    limits = Limits(cpu_s=1, driver_cpu_s=20, wall_s=1.0)
    result = pool.run_tests(job("import time\ndef f(x):\n    time.sleep(600)\n", "assert f(1) == 1", limits=limits))
    assert result.steps is None
    assert result.guests[0].ended is Ended.WALL_LIMIT


def test_touched_memory_meets_the_memory_limit(pool: Pool) -> None:
    """Pages that are written to until the control group is full end the guest, not its judge."""
    bomb = "def f(x):\n    held = []\n    while True:\n        held.append(b'x' * 2**24)\n"
    result = pool.run_tests(job(bomb, "assert f(1) == 1", limits=Limits(cpu_s=20)))
    assert failure_of(result).kind == "guest_gone"
    assert result.guests[0].ended is Ended.MEMORY_LIMIT
    assert passes(pool.run_tests(job(IDENTITY, "assert f(1) == 1")))


def test_an_output_flood_meets_the_output_limit(pool: Pool) -> None:
    """What a guest prints is counted and cut; its head is kept."""
    flood = "def f(x):\n    while True:\n        print('y' * 4095)\n"
    result = pool.run_tests(job(flood, "assert f(1) == 1", limits=Limits(cpu_s=5, output_bytes=200_000)))
    assert result.guests[0].ended is Ended.OUTPUT_LIMIT
    assert result.steps is None
    assert result.output_head.startswith("yyyy")
    assert len(result.output_head) <= 2_000


def test_printing_a_little_is_no_fault(pool: Pool) -> None:
    """A solution may print; what it prints is kept and judged by nobody."""
    result = pool.run_tests(job("def f(x):\n    print('All tests passed')\n    return x\n", "assert f(1) == 1"))
    assert passes(result)
    assert result.output_head == "All tests passed\n"


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("raise ValueError('no')", "raised", "ValueError: no"),
        ("raise SystemExit(0)", "raised", "SystemExit: 0"),
        ("import sys; sys.exit(0)", "raised", "SystemExit: 0"),
        ("raise KeyboardInterrupt", "raised", "KeyboardInterrupt"),
        ("raise BaseException('b')", "raised", "BaseException: b"),
        ("raise type('Own', (Exception,), {})('mine')", "raised", "Own: mine"),
        ("assert False, 'theirs'", "raised", "AssertionError: theirs"),
        ("return f(x)", "raised", "RecursionError: maximum recursion depth exceeded"),
        ("return object()", "nonplain_value", "returned a value of type builtins.object"),
        ("return bytearray(b'a')", "nonplain_value", "returned a value of type builtins.bytearray"),
        ("return type('L', (list,), {})([1])", "nonplain_value", "returned a value of type solution.L"),
        ("return (y for y in [x])", "nonplain_value", "returned a value of type builtins.generator"),
        ("return f", "nonplain_value", "returned a value of type builtins.function"),
        ("ring = []; ring.append(ring); return ring", "value_too_large", "returned nested deeper than 100"),
        ("return [0] * 10**7", "value_too_large", "returned a list of 10000000 items, more than 1000000"),
        ("return 'x' * 10**7", "value_too_large", "returned 10000009 bytes encoded, more than 4000000"),
    ],
)
def test_what_a_call_gives_instead_of_a_value(pool: Pool, body: str, kind: FailureKind, message: str) -> None:
    """Exceptions of every kind, values that are not plain and values that are too large, each under its name."""
    failure = run_to_failure(pool, f"def f(x):\n    {body}\n", "assert f(1) == 1", limits=Limits(cpu_s=5))
    assert failure.kind == kind
    assert failure.message.startswith(message)
    assert failure.call == "f(x=1)"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(:", "SyntaxError: invalid syntax"),
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("def f(x): return x\n1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_source_that_cannot_be_loaded(pool: Pool, source: str, message: str) -> None:
    """An exception at import is `load_raised` with its type and text."""
    failure = run_to_failure(pool, source)
    assert failure.kind == "load_raised"
    assert failure.message.startswith(message)


def test_a_missing_entry_point_is_named(pool: Pool) -> None:
    """A source without the function that is asked for fails as `missing_name`."""
    failure = run_to_failure(pool, "def g(x):\n    return x\nf = 3\n")
    assert (failure.kind, failure.message) == ("missing_name", "the source defines no callable 'f'")


CATCHING = """
import pytest
def test_type():
    with pytest.raises({caught}{match}):
        f(1)
"""


@pytest.mark.parametrize(
    ("raised", "caught", "match"),
    [
        ("raise ValueError('no such thing')", "ValueError", "no such"),
        ("raise type('Own', (ValueError,), {})('no')", "ValueError", "no"),
        ("raise StopIteration('end')", "StopIteration", "end"),
        ("raise KeyError('k')", "KeyError", "k"),
        ("return {}['k']", "LookupError", "k"),
        ("return 1 / 0", "ArithmeticError", "division by zero"),
        ("return b'\\xff'.decode()", "ValueError", "can't decode byte 0xff"),
        ("raise FileNotFoundError(2, 'gone')", "OSError", "gone"),
        ("assert x == 2, 'odd'", "AssertionError", "odd"),
        ("raise type('Own', (Exception,), {})('mine')", "Exception", "mine"),
    ],
)
def test_tests_catch_the_guests_exceptions_by_type(pool: Pool, raised: str, caught: str, match: str) -> None:
    """An exception arrives as its nearest built-in type with its text, so that tests that expect it pass."""
    tests = CATCHING.format(caught=caught, match=f", match={match!r}")
    assert passes(pool.run_tests(job(f"def f(x):\n    {raised}\n", tests)))


def test_a_caught_type_that_is_not_the_raised_one_fails(pool: Pool) -> None:
    """Control: an expectation of another type is no pass."""
    failure = run_to_failure(pool, "def f(x):\n    raise KeyError(1)\n", CATCHING.format(caught="ValueError", match=""))
    assert failure.kind == "raised"


def test_a_key_errors_text_is_quoted_once(pool: Pool) -> None:
    """The text of a KeyError is what `str` gave in the guest."""
    tests = "try:\n    f(1)\nexcept KeyError as error:\n    text = str(error)\nassert text == \"'k'\"\n"
    assert passes(pool.run_tests(job("def f(x):\n    raise KeyError('k')\n", tests)))


@pytest.mark.parametrize("name", ["UnsatisfiedAssumption", "StopTest", "Skipped", "SkipTest", "Frozen"])
def test_a_solution_cannot_raise_what_the_judge_reads_as_no_verdict(pool: Pool, name: str) -> None:
    """Exceptions named as those that discard an input or skip a test refute, in a plain test and in a property."""
    solution = f"class {name}(Exception):\n    pass\ndef f(x):\n    raise {name}('discard me')\n"
    assert run_to_failure(pool, solution).kind == "raised"
    tests = (
        "from hypothesis import given, strategies as st\n@given(st.integers())\ndef test_f(x):\n    assert f(x) == x\n"
    )
    assert failure_of(pool.run_tests(job(solution, tests, uses_hypothesis=True))).kind == "raised"


@pytest.mark.parametrize(
    ("tests", "kind"),
    [
        ("", "no_tests"),
        ("x = 1\n", "no_tests"),
        ("def helper():\n    assert f(1) == 1\n", "no_tests"),
        ("assert True\n", "not_called"),
        ("def test_nothing():\n    pass\n", "not_called"),
        ("assert f(", "test_broken"),
        ("import nothing_of_this_name\nassert f(1) == 1\n", "test_broken"),
        ("assert unknown_name == 1\n", "test_broken"),
        ("import pytest\ndef test_f():\n    pytest.skip('later')\n", "test_broken"),
        ("import unittest\ndef test_f():\n    f(1)\n    raise unittest.SkipTest('later')\n", "test_broken"),
        ("def test_f(tmp_path):\n    assert f(1) == 1\n", "test_broken"),
        ("async def test_f():\n    assert f(1) == 1\n", "test_broken"),
        ("assert f(1) == unknown_name\n", "assertion"),
        ("assert f(object()) == 1\n", "test_broken"),
    ],
)
def test_tests_that_prove_nothing_are_no_pass(pool: Pool, tests: str, kind: FailureKind) -> None:
    """Absent, broken, skipped and aimless tests each have their kind; a right solution does not pass them."""
    assert run_to_failure(pool, IDENTITY, tests).kind == kind


def test_a_swallowed_break_is_no_pass(pool: Pool) -> None:
    """A test that catches everything cannot hide that its guest is gone."""
    tests = "try:\n    f(1)\nexcept BaseException:\n    pass\nassert True\n"
    assert run_to_failure(pool, "import os\ndef f(x):\n    os._exit(0)\n", tests).kind == "guest_gone"


def test_parametrised_tests_and_classes_run_once_for_each(pool: Pool) -> None:
    """pytest's parametrize, stacked, and test classes are collected as pytest would."""
    tests = (
        "import pytest\n"
        "@pytest.mark.parametrize('x', [1, 2])\n"
        "@pytest.mark.parametrize(('y', 'z'), [(3, 3), pytest.param(4, 4)])\n"
        "def test_all(x, y, z):\n    assert f(x) == x and f(y) == z\n"
        "class TestF:\n    limit = 5\n    def test_one(self):\n        assert f(self.limit) == 5\n"
        "    def test_two(self):\n        assert f('a') == 'a'\n"
    )
    result = pool.run_tests(job(IDENTITY, tests))
    assert passes(result)
    assert result.steps is not None
    assert result.steps[0].collected == 6
    assert run_to_failure(pool, "def f(x):\n    return 1\n", tests).test.startswith("test_all[")


def test_unittest_cases_run(pool: Pool) -> None:
    """A unittest.TestCase with setUp is run as its authors wrote it."""
    tests = (
        "import unittest\nclass TestF(unittest.TestCase):\n    def setUp(self):\n        self.x = 3\n"
        "    def test_f(self):\n        self.assertEqual(f(self.x), 3)\n"
    )
    assert passes(pool.run_tests(job(IDENTITY, tests)))
    assert run_to_failure(pool, "def f(x):\n    return 0\n", tests).kind == "assertion"


def test_in_place_functions_send_their_arguments_back(pool: Pool) -> None:
    """A function that returns None is taken to work in place: lists, dicts and sets come back changed, keywords too."""
    solution = "def f(xs, table=None):\n    xs.sort()\n    if table is not None:\n        table['n'] = len(xs)\n"
    tests = "xs, table = [3, 1], {}\nf(xs, table=table)\nassert xs == [1, 3]\nassert table == {'n': 2}\n"
    assert passes(pool.run_tests(job(solution, tests)))


def test_arguments_of_a_function_that_returns_are_copies(pool: Pool) -> None:
    """Emptying the list that a test compares against gains nothing."""
    solution = "def f(xs):\n    xs.clear()\n    return xs\n"
    tests = "xs = [3, 1]\nassert f(xs) == xs\n"
    failure = run_to_failure(pool, solution, tests)
    assert (failure.call, failure.outcome) == ("f(xs=[3, 1])", "returned []")
    namespace: dict[str, object] = {}
    exec(solution + tests, namespace)  # control: without the sandbox it passes


def test_other_names_of_the_solution_are_proxies_too(pool: Pool) -> None:
    """Helpers that the tests use resolve to the guest, by name and through `from solution import`."""
    solution = "def f(x):\n    return g(x)\ndef g(x):\n    return x * 2\n"
    tests = "from solution import g as double\nassert f(2) == g(2) == double(2) == 4\n"
    assert passes(pool.run_tests(job(solution, tests)))


def test_the_tests_own_definitions_come_first(pool: Pool) -> None:
    """A helper defined in the tests is not replaced by one of the same name in the solution."""
    solution = "def f(x):\n    return x + 1\ndef expected(x):\n    return x + 1\n"
    tests = "def expected(x):\n    return x\nassert f(1) == expected(1)\n"
    assert run_to_failure(pool, solution, tests).kind == "assertion"


PROPERTY = "from hypothesis import given, assume, strategies as st\n@given(st.lists(st.integers(0, 500)))\ndef test_f(xs):\n    {body}\n"


def test_a_failing_property_gives_its_smallest_input(pool: Pool) -> None:
    """The failure's call is the shrunk input, not the first that failed."""
    solution = "def f(xs):\n    return sorted(set(xs))\n"
    tests = PROPERTY.format(body="assert f(xs) == sorted(xs)")
    failure = failure_of(pool.run_tests(job(solution, tests, uses_hypothesis=True)))
    assert (failure.kind, failure.call, failure.outcome) == ("assertion", "f(xs=[0, 0])", "returned [0]")


def test_a_holding_property_counts_its_inputs(pool: Pool) -> None:
    """A property that holds reports how many inputs it held on."""
    result = pool.run_tests(
        job("def f(xs):\n    return xs\n", PROPERTY.format(body="assert f(xs) == xs"), uses_hypothesis=True)
    )
    assert passes(result)
    assert result.steps is not None
    assert (result.steps[0].properties, result.steps[0].examples) == (1, 50)


def test_a_property_without_inputs_is_unsatisfiable(pool: Pool) -> None:
    """A property whose assumption nothing meets proves nothing."""
    tests = PROPERTY.format(body="assume(len(xs) < 0)\n    assert f(xs) == xs")
    assert failure_of(pool.run_tests(job(IDENTITY, tests, uses_hypothesis=True))).kind == "unsatisfiable"


@pytest.mark.parametrize(
    "solution",
    [
        "def f(x):\n    return list({str(x) + c for c in 'abcdefgh'})\n",
        "import random\ndef f(x):\n    return random.random()\n",
        "import time\ndef f(x):\n    return time.perf_counter_ns()\n",
        "def f(x):\n    return id(object())\n",
        "import os\ndef f(x):\n    return os.getpid()\n",
        "calls = []\ndef f(x):\n    calls.append(x)\n    return len(calls)\n",
    ],
    ids=["hash order", "random", "clock", "id", "process id", "hidden state"],
)
def test_what_differs_from_call_to_call_is_nondeterministic(pool: Pool, solution: str) -> None:
    """Replayed in another process under another hash seed, and again in the first, the calls must give the same."""
    result = pool.run_tests(job(solution, "assert f(1) is not None", replays=True))
    assert failure_of(result).kind == "nondeterministic"
    assert result.steps is not None
    assert result.steps[0].failure is None


@pytest.mark.parametrize(
    "returned",
    [
        "set('abcdef')",
        "{c: 1 for c in set('abc')}",
        "float('nan')",
        "[{float('nan')}]",
        "{(float('nan'),): 1}",
        "complex('nan')",
    ],
)
def test_order_in_sets_and_nan_are_no_difference(pool: Pool, returned: str) -> None:
    """Values that are the same to every reader replay as the same."""
    assert passes(pool.run_tests(job(f"def f(x):\n    return {returned}\n", "assert f(1) is not None", replays=True)))


@pytest.mark.parametrize(
    "job_again",
    [
        job(IDENTITY, "assert f(1) == 1", replays=True),
        job(
            "def f(xs):\n    return [x for x in xs if x < 300]\n",
            PROPERTY.format(body="assert f(xs) == xs"),
            uses_hypothesis=True,
        ),
        job("import os\ndef f(x):\n    os._exit(7)\n", "assert f(1) == 1"),
        job("def f(x):\n    print(x, hash('a'), {'a', 'b', 'c'})\n    return 2\n", "assert f(1) == 1"),
    ],
    ids=["passing", "shrunk", "exiting", "printing"],
)
def test_the_same_job_gives_the_same_report(pool: Pool, job_again: TestsJob) -> None:
    """Times apart, a report does not depend on which container ran the job or when."""
    first = without_times(pool.run_tests(job_again))
    assert all(without_times(pool.run_tests(job_again)) == first for _ in range(3))


def test_a_shared_driver_keeps_its_verdicts_apart(pool: Pool) -> None:
    """A hundred and twenty plain jobs in a row, right, wrong, exiting and hanging ones, get the verdict each deserves."""
    cases = [
        (IDENTITY, None),
        ("def f(x):\n    return x + 1\n", "assertion"),
        (IDENTITY, None),
        ("import os\ndef f(x):\n    os._exit(0)\n", "guest_gone"),
        ("def f(x):\n    raise ValueError(x)\n", "raised"),
        (IDENTITY, None),
    ]
    found, wanted = [], []
    for number in range(120):
        solution, kind = cases[number % len(cases)]
        result = pool.run_tests(job(solution, f"assert f({number}) == {number}", has_plain_tests=True))
        found.append(None if passes(result) else failure_of(result).kind)
        wanted.append(kind)
    assert found == wanted


def test_a_shared_driver_is_replaced_before_it_is_old(pool: Pool) -> None:
    """A long row of passing plain jobs outlives the number of jobs that one driver is used for."""
    plain = job(IDENTITY, "assert f(1) == 1", has_plain_tests=True)
    assert all(passes(pool.run_tests(plain)) for _ in range(230))


def test_limits_are_those_of_the_job(pool: Pool) -> None:
    """A loop that fits into the job's CPU limit is no fault; the same loop under a shorter limit is."""
    spin = "import time\ndef f(x):\n    end = time.process_time() + 1.5\n    while time.process_time() < end: pass\n    return x\n"
    assert passes(pool.run_tests(job(spin, "assert f(1) == 1", limits=Limits(cpu_s=10))))
    result = pool.run_tests(job(spin, "assert f(1) == 1", limits=SHORT))
    assert result.guests[0].ended is Ended.CPU_LIMIT
