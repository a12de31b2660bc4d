"""Which test modules may share a driver."""

import pytest

from verifier.plain_tests import is_plain


@pytest.mark.parametrize(
    "source",
    [
        "assert f([1, 2]) == 3",
        "import math\ndef test_f():\n    assert math.isclose(f(2), 1.5)\n",
        "def check(candidate):\n    for x in range(3):\n        assert candidate(x) == x ** 2, 'no'\ncheck(f)\n",
        "import random\nrandom.seed(3)\nassert f([random.randint(0, 9)]) == []",
        "xs = [1]\nf(xs)\nassert xs == [1]\nxs[0] = 2\nassert f(xs) == [2]",
        "try:\n    f(-1)\nexcept ValueError:\n    pass\nelse:\n    assert False\n",
    ],
)
def test_ordinary_examples_are_plain(source: str) -> None:
    """Asserts, loops, functions and harmless imports leave nothing behind."""
    assert is_plain(source)


@pytest.mark.parametrize(
    "source",
    [
        "import math\nmath.pi = 3\nassert f(1) == 1",
        "import random\nrandom.random = lambda: 0.5\nassert f(1) == 1",
        "import math as m\nn = m\nn.pi = 3",
        "import copy\ncopy.types.x = 1",
        "import sys\nassert f(1) == 1",
        "from math import *\nassert f(1) == 1",
        "from random import _inst\nassert f(1) == 1",
        "class A:\n    pass\nassert f(1) == 1",
        "@print\ndef test_f():\n    assert f(1) == 1",
        "def g():\n    global x\n    x = 1\nassert f(1) == 1",
        "assert ().__class__",
        "f.calls = 3\nassert f(1) == 1",
        "assert type(f(1)) is int",
        "with f(1):\n    assert True",
        "async def test_f():\n    assert f(1) == 1",
        "import math\nmath.__dict__['pi'] = 3",
        "import string\nstring.Formatter.vformat = None",
        "assert (",
        "from hypothesis import given\n@given()\ndef test_f():\n    assert f(1) == 1",
    ],
)
def test_anything_that_could_leave_a_trace_is_not_plain(source: str) -> None:
    """Setting attributes, reaching modules, classes, decorators and the unknown are refused."""
    assert not is_plain(source)
