"""The static rung: what is refused before anything runs."""

import pytest

from verifier.checks.static import inspect_sample
from verifier.contracts import Terms
from verifier.problem import Sample
from verifier.subject import Subject
from verifier.verdict import Check, CheckResult, Reason, Status

PLAIN = {
    "task_id": "x/1",
    "entry_point": "f",
    "solution": "def f(n: int) -> int:\n    return n\n",
    "tests": "assert f(1) == 1",
}


def inspect(**fields: object) -> Subject | CheckResult:
    return inspect_sample(Sample.model_validate({**PLAIN, **fields}))


@pytest.mark.parametrize(
    "solution",
    [
        "def f(n): return n",
        "class f: pass",
        "f = lambda n: n",
        "from functools import partial\nf = partial(max, 0)",
        "f: object = sorted",
        "try:\n    from math import isqrt\nexcept ImportError:\n    pass\ndef f(n): return n",
        "if True:\n    def f(n): return n\nelse:\n    f = None",
        "import os\ndef f(n): os._exit(0)",
    ],
)
def test_any_top_level_definition_of_the_entry_point_will_do(solution: str) -> None:
    """Functions, classes and assigned callables are judged; imports of the solution are left to the sandbox."""
    assert isinstance(inspect(solution=solution), Subject)


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ({"solution": "def f(:"}, Reason.SYNTAX_ERROR, "solution: line 1: invalid syntax"),
        ({"solution": ""}, Reason.ENTRY_POINT_MISSING, "solution: no top-level definition of 'f'"),
        (
            {"solution": "def g():\n    def f(): ..."},
            Reason.ENTRY_POINT_MISSING,
            "solution: no top-level definition of 'f'",
        ),
        (
            {"solution": "async def f(n): ..."},
            Reason.ENTRY_POINT_MISSING,
            "solution: 'f' is an async function; only plain functions and classes are judged",
        ),
        ({"solution": "from m import f"}, Reason.ENTRY_POINT_MISSING, "solution: 'f' is imported, not defined"),
        ({"solution": "# coding: utf-7\n"}, Reason.ENCODING_REFUSED, None),
        ({"solution": "-" * 20_000 + "1"}, Reason.SOURCE_TOO_LARGE, None),
        ({"tests": "assert f("}, Reason.TESTS_MALFORMED, None),
        ({"tests": "import os"}, Reason.FORBIDDEN_IN_TESTS, "tests, line 1: importing 'os' is not allowed"),
        ({"contracts": {"post": ["m"]}}, Reason.CONTRACT_MALFORMED, None),
        ({"reference": "def g(): ..."}, Reason.REFERENCE_BROKEN, "reference: no top-level definition of 'f'"),
        ({"reference": "def f("}, Reason.REFERENCE_BROKEN, None),
    ],
)
def test_what_is_not_well_formed_is_refuted(fields: dict[str, object], reason: Reason, detail: str | None) -> None:
    """Each fault has its reason, and the detail says where it is."""
    refuted = inspect(**fields)
    assert isinstance(refuted, CheckResult)
    assert (refuted.check, refuted.status, refuted.reason) == (Check.STATIC, Status.REFUTED, reason)
    assert detail is None or refuted.detail == detail


def test_inputs_are_drawn_from_the_reference_rather_than_the_solution() -> None:
    """A solution cannot choose easy inputs by annotating its parameters narrowly."""
    subject = inspect(
        solution="from typing import Literal\ndef f(m: Literal[0]):\n    return m\n",
        reference="def f(n: int):\n    return n\n",
        contracts={"post": ["__return__ == n"]},
    )
    assert isinstance(subject, Subject)
    assert isinstance(subject.terms, Terms)
    assert [parameter.name for parameter in subject.terms.parameters] == ["n"]
    assert not subject.passes_by_name


def test_inputs_are_drawn_from_the_prompt_first() -> None:
    """Code to complete is the statement's own signature."""
    subject = inspect(prompt="def f(k: str):\n    '''Same.'''\n", reference="def f(n: int):\n    return n\n")
    assert isinstance(subject, Subject)
    assert [parameter.name for parameter in subject.signature.parameters or ()] == ["k"]


def test_a_signature_without_annotations_gives_way_to_one_with_them() -> None:
    """Where the reference says nothing of types, the solution's annotations are used."""
    subject = inspect(reference="def f(n):\n    return n\n")
    assert isinstance(subject, Subject)
    assert subject.signature == subject.entry
