"""Which solutions CrossHair may vouch for."""

import ast

import pytest

from verifier.eligibility import explain_ineligible


@pytest.mark.parametrize(
    "source",
    [
        "def f(n):\n    return n + 1\n",
        "import math\nfrom collections import Counter\nfrom typing import List\ndef f(xs: List[int]):\n    return Counter(xs)\n",
        "class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, x):\n        self.items.append(x)\n",
        "def f(n):\n    return format(n, 'b')\n",
        "import collections.abc\ndef f(s):\n    return s.strip().lower()\n",
    ],
)
def test_plain_code_is_eligible(source: str) -> None:
    """Arithmetic, collections, classes and pure imports reach nothing of the interpreter."""
    assert explain_ineligible(ast.parse(source)) is None


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("import os", "it imports 'os'"),
        ("from crosshair import core", "it imports 'crosshair'"),
        ("import collections.abc, sys", "it imports 'sys'"),
        ("from typing import sys", "it imports 'sys'"),
        ("def f(x): return x.__class__", "it uses the attribute '__class__'"),
        ("def f(x): return x._hidden", "it uses the attribute '_hidden'"),
        ("def f(x): return (lambda: 0).gi_frame", "it uses the attribute 'gi_frame'"),
        ("def f(x): return eval(x)", "it uses the name 'eval'"),
        ("run = getattr", "it uses the name 'getattr'"),
        ("def f(x): return '{0.a}'.format(x)", "it uses the attribute 'format'"),
        ("from operator import attrgetter", "it imports 'attrgetter'"),
        ("class A:\n    def __eq__(self, other): return True\n", "it defines '__eq__'"),
        ("import typing\ntyping.sys", "it uses the attribute 'sys'"),
    ],
)
def test_code_that_could_reach_the_interpreter_is_not(source: str, detail: str) -> None:
    """The message names what bars it."""
    assert explain_ineligible(ast.parse(source)) == detail
