"""The symbolic agent's answers, asked of a preloaded process that forks for each question, without Docker."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest

from sandbox.agent import symbolic
from sandbox.job import SymbolicStatus

ROOT = Path(__file__).resolve().parents[2]

ZYGOTE = """
import json, os, sys
from sandbox.agent import symbolic
symbolic.preload()
for line in sys.stdin:
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, json.dumps(symbolic.analyse(json.loads(line))).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        sys.stdout.write(answer.read().decode() + "\\n")
    os.wait()
"""

# Every look at the clock finds that a day has passed, as on a machine that is busy with something else.
LEAPING_CLOCK = """
import itertools
from crosshair import core, statespace
days = itertools.count(step=86_400)
core.process_time = statespace.process_time = lambda: float(next(days))
"""


def contract(signature: str, body: str, *lines: str, before: str = "") -> str:
    """A module with one function `f` whose docstring holds the lines."""
    doc = "".join(f"    {line}\n" for line in lines)
    code = "".join(f"    {line}\n" for line in body.splitlines())
    return f'{before}def f{signature}:\n    """\n{doc}    """\n{code}'


ABS = contract("(n: int) -> int", "return n if n >= 0 else -n", "post: __return__ >= 0")

CONFIRMED = {
    "absolute": ABS,
    "de_morgan": contract(
        "(a: bool, b: bool) -> bool", "return not (a and b)", "post: __return__ == ((not a) or (not b))"
    ),
    "expected_exception": contract(
        "(n: int) -> int",
        "if n < 0:\n    raise ValueError(n)\nreturn n",
        "post: __return__ >= 0",
        "raises: ValueError",
    ),
    "narrow_handler": contract(
        "(n: int) -> int", "try:\n    return abs(n)\nexcept ValueError:\n    return 1", "post: __return__ >= 0"
    ),
    "recursion": contract(
        "(n: int) -> int",
        "return 1 if n <= 1 else n * f(n - 1)",
        "pre: 0 <= n <= 4",
        "post: __return__ >= 1",
    ),
}

# Each is false for some input, and each was chosen because a path time-out, an ignored path, a contract elsewhere in
# the source, a directive in a comment or an inexact model could hide that.
REFUTED = {
    "one_integer_of_all": contract("(n: int) -> bool", "return n != 123456789", "post: __return__"),
    "forgotten_negatives": contract(
        "(xs: list[int]) -> int",
        "best = 0\nfor x in xs:\n    if x > best:\n        best = x\nreturn best",
        "pre: len(xs) > 0",
        "post: __return__ in xs",
    ),
    "duplicates": contract("(xs: list[int]) -> int", "return len(set(xs))", "post: __return__ == len(xs)"),
    "odd_line_ends_above": contract("(n: int) -> int", "return n", "post: _ != 5", before="# \x0c \x85 \u2028\n"),
    "two_cubes": contract("(a: int, b: int) -> int", "return a**3 + b**3", "pre: a > 0 and b > 0", "post: _ != 1729"),
    "second_postcondition": contract("(n: int) -> int", "return n", "post: _ == n", "post: _ != 77"),
    "postcondition_raises_what_the_function_may": contract(
        "(n: int) -> list[int]", "return [] if n == 77 else [n]", "post: __return__[0] == n", "raises: IndexError"
    ),
    "helper_with_a_false_contract": contract(
        "(n: int) -> int",
        "return g(n)",
        "post: __return__ != 5",
        before='def g(n: int) -> int:\n    """\n    post: __return__ > 10\n    """\n    return n\n\n',
    ),
    "switched_off_in_a_comment": contract("(n: int) -> int", "# crosshair: off\nreturn n", "post: __return__ != 5"),
    "limited_in_a_comment": contract(
        "(n: int) -> int",
        "# crosshair: max_iterations=1\nif n > 100:\n    if n == 12345:\n        return 0\nreturn 1",
        "post: __return__ == 1",
    ),
    "swallowed_exceptions": contract(
        "(s: str) -> int", "try:\n    return int(s)\nexcept Exception:\n    return 0", "post: __return__ != 7"
    ),
    "unicode_grows": contract("(s: str) -> str", "return s.upper()", "post: len(__return__) == len(s)"),
    "not_a_number": contract("(x: float) -> bool", "return x == x", "post: __return__"),
    "infinity": contract("(x: float) -> float", "return x + 1.0", "post: __return__ > x"),
    "regular_expression": contract(
        "(s: str) -> bool", "import re\nreturn re.fullmatch(r'[a-z][0-9]{2}', s) is None", "post: __return__"
    ),
    "same_values": contract(
        "(d: dict[str, int]) -> int", "return len({v: k for k, v in d.items()})", "post: _ == len(d)"
    ),
    "set_of_strings": contract("(xs: set[str]) -> list[str]", "return sorted(xs)", "post: len(__return__) < 2"),
    "unexpected_exception": contract("(xs: list[int]) -> int", "return xs[0]", "post: True"),
    "unexpected_exception_with_a_symbolic_value": contract(
        "(n: int) -> int", "if n < 0:\n    raise ValueError(n)\nreturn n", "post: True"
    ),
    "changed_argument": contract("(xs: list[int]) -> int", "xs.append(1)\nreturn 0", "post[]: __return__ == 0"),
}

# True or false, CrossHair cannot settle these within the budget, or settles them in a way that is no proof.
UNPROVED = {
    "loop_over_a_list": contract("(xs: list[int]) -> int", "return sum(x * x for x in xs)", "post: _ >= 0"),
    "false_for_large_integers": contract("(n: int) -> bool", "return int(n / 2 * 2) == n", "post: __return__"),
    "false_for_a_trailing_newline": contract(
        "(s: str) -> bool", "import re\nreturn re.match('^[0-9]$', s) is None or s.isdigit()", "post: __return__"
    ),
    "broad_handler": contract(
        "(n: int) -> int", "try:\n    return abs(n)\nexcept TypeError:\n    return 1", "post: __return__ >= 0"
    ),
    "broad_raises": contract("(n: int) -> int", "return abs(n)", "post: __return__ >= 0", "raises: Exception"),
    "cut_off_on_one_path": contract(
        "(n: int) -> int", "while n == 12345:\n    pass\nreturn n", "pre: n > 0", "post: __return__ > 0"
    ),
}

UNSUPPORTED = {
    "does not load: SyntaxError": "def f(:\n",
    "does not load: SystemExit": "raise SystemExit(0)\n" + ABS,
    "no plain function 'f'": "f = 3\n",
    "no usable contract in the docstring of 'f': no post: line": "def f(n: int) -> int:\n    return n\n",
    "no usable contract in the docstring of 'f': invalid syntax": contract("(n: int)", "return n", "post: n >="),
    "BaseException, which is no Exception": contract("(n: int)", "return n", "post: True", "raises: BaseException"),
    "stopped with SystemExit": contract("(n: int) -> int", "raise SystemExit(0)", "post: True"),
    "side effects": contract(
        "(n: int) -> int", "open('symbolic_agent_wrote_this', 'w').write('x')\nreturn n", "post: True"
    ),
}

BUDGET = {
    "endless_loop": contract("() -> int", "n = 0\nwhile True:\n    n += 1", "post: True"),
    "exponential_recursion": contract(
        "() -> int", "def g(n):\n    return n if n < 2 else g(n - 1) + g(n - 2)\nreturn g(60)", "post: True"
    ),
    "rare_precondition": contract(
        "(s: str) -> int", "return 0", "pre: sum(1 for c in s if c == 'q') > 40", "post: True"
    ),
}

UNSATISFIABLE = {"contradiction": contract("(n: int) -> int", "return n", "pre: n > 0", "pre: n < 0", "post: True")}

SOURCES = CONFIRMED | REFUTED | UNPROVED | BUDGET | UNSATISFIABLE | UNSUPPORTED


def ask(sources: Sequence[str], *, hash_seed: int, before: str = "", max_paths: int = 30) -> list[dict[str, Any]]:
    """The answers for all sources from one preloaded process, which must print nothing else."""
    payloads = [{"source": s, "function": "f", "max_paths": max_paths, "solver_steps": 1_000_000} for s in sources]
    done = subprocess.run(
        [sys.executable, "-c", before + ZYGOTE],
        input="".join(json.dumps(payload) + "\n" for payload in payloads),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    """One answer for every source here."""
    return dict(zip(SOURCES, ask(list(SOURCES.values()), hash_seed=0), strict=True))


def violates(source: str, arguments: dict[str, str]) -> bool:
    """Whether the arguments break the contract in plain Python, without CrossHair."""
    names: dict[str, Any] = {}
    exec(source, names)
    lines = [line.strip() for line in names["f"].__doc__.splitlines()]
    given = {name: eval(text) for name, text in arguments.items()}
    kept = {name: eval(text) for name, text in arguments.items()}
    for line in lines:
        if line.startswith("pre:"):
            assert eval(line.removeprefix("pre:"), {**names, **given})
    try:
        returned = names["f"](**given)
        posts = [line.split(":", 1)[1] for line in lines if line.startswith("post")]
        held = all(eval(post, {**names, **given, "__return__": returned, "_": returned}) for post in posts)
    except (IndexError, ValueError):
        return True
    return not held or ("post[]" in source and given != kept)


@pytest.mark.parametrize("name", CONFIRMED)
def test_a_contract_that_holds_on_every_path_is_confirmed(answers: dict[str, dict[str, Any]], name: str) -> None:
    """A contract whose paths are all explored and hold is confirmed, without arguments."""
    assert answers[name]["status"] == "confirmed", answers[name]
    assert answers[name]["arguments"] is None


@pytest.mark.parametrize("name", REFUTED)
def test_a_false_contract_is_refuted_by_arguments_that_break_it(answers: dict[str, dict[str, Any]], name: str) -> None:
    """The arguments of a refutation, evaluated with builtins alone, break the contract in plain Python."""
    assert answers[name]["status"] == "refuted", answers[name]
    assert violates(REFUTED[name], answers[name]["arguments"])


@pytest.mark.parametrize("name", UNPROVED)
def test_a_contract_that_was_not_explored_to_the_end_is_not_confirmed(
    answers: dict[str, dict[str, Any]], name: str
) -> None:
    """Paths left over, cut off, or possibly masked by a handler make the answer `no_counterexample`."""
    assert answers[name]["status"] == "no_counterexample", answers[name]


def test_a_precondition_that_no_input_meets_is_told_apart_from_a_rare_one(answers: dict[str, dict[str, Any]]) -> None:
    """Only an exhausted search calls the precondition unsatisfiable; an unfinished one says `budget`."""
    assert answers["contradiction"]["status"] == "precondition_unsatisfiable"
    assert answers["rare_precondition"]["status"] == "budget"
    assert "0 past the precondition" in answers["rare_precondition"]["message"]


@pytest.mark.parametrize("name", ["endless_loop", "exponential_recursion"])
def test_a_program_without_symbolic_branches_meets_the_step_bound(
    answers: dict[str, dict[str, Any]], name: str
) -> None:
    """A concrete loop or recursion, in which CrossHair alone would never look at its limits, ends with `budget`."""
    assert answers[name]["status"] == "budget", answers[name]


@pytest.mark.parametrize("message", UNSUPPORTED)
def test_what_cannot_be_analysed_is_unsupported_and_says_why(answers: dict[str, dict[str, Any]], message: str) -> None:
    """A source or contract that cannot be read or run is `unsupported`, with the cause in the message."""
    assert answers[message]["status"] == "unsupported"
    assert message in answers[message]["message"]


def test_a_side_effect_is_stopped_before_it_happens(answers: dict[str, dict[str, Any]]) -> None:
    """CrossHair's audit hook refuses the write, so no file appears."""
    assert answers["side effects"]["status"] == "unsupported"
    assert not (ROOT / "symbolic_agent_wrote_this").exists()


def test_every_answer_is_plain_and_of_a_known_status(answers: dict[str, dict[str, Any]]) -> None:
    """Statuses are those of sandbox.job, and nothing else than the four keys comes back."""
    for answer in answers.values():
        assert set(answer) == {"status", "message", "arguments", "paths"}
        assert answer["status"] in get_args(SymbolicStatus)


def test_answers_do_not_depend_on_the_hash_seed(answers: dict[str, dict[str, Any]]) -> None:
    """Another interpreter with another hash seed gives the same bytes."""
    assert ask(list(SOURCES.values()), hash_seed=4242) == list(answers.values())


def test_answers_do_not_depend_on_the_clock(answers: dict[str, dict[str, Any]]) -> None:
    """A process for which every look at the clock is a day later gives the same answers."""
    names = [*CONFIRMED, "forgotten_negatives", "unicode_grows", "loop_over_a_list", "endless_loop"]
    leaping = ask([SOURCES[name] for name in names], hash_seed=0, before=LEAPING_CLOCK)
    assert leaping == [answers[name] for name in names]


def test_the_leaping_clock_stops_plain_crosshair() -> None:
    """The control: with the same clock and a time limit of its own, CrossHair does not confirm the simplest contract."""
    program = LEAPING_CLOCK + (
        "import sys\n"
        "from crosshair.core_and_libs import analyze_function, run_checkables, AnalysisKind\n"
        "from crosshair.options import AnalysisOptionSet\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import plain\n"
        "options = AnalysisOptionSet(per_condition_timeout=60.0, report_all=True, analysis_kind=[AnalysisKind.PEP316])\n"
        "print([message.state.name for message in run_checkables(analyze_function(plain.f, options))])\n"
    )
    assert "CONFIRMED" not in run_on_file(program, ABS)
    assert "CONFIRMED" in run_on_file(program.replace(LEAPING_CLOCK, ""), ABS)


def run_on_file(program: str, source: str) -> str:
    """What the program prints, given a folder that holds the source as plain.py."""
    with TemporaryDirectory() as folder:
        Path(folder, "plain.py").write_text(source, encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-c", program, folder], capture_output=True, text=True, check=True
        ).stdout


def test_more_paths_never_turn_a_refutation_into_something_else(answers: dict[str, dict[str, Any]]) -> None:
    """A larger budget explores the same paths first, so the same counterexample is found."""
    names = ["forgotten_negatives", "duplicates", "unicode_grows"]
    assert ask([SOURCES[n] for n in names], hash_seed=0, max_paths=60) == [answers[n] for n in names]


def test_preloading_leaves_one_thread_so_that_forking_is_safe() -> None:
    """After the warm-up the process has no thread but its own."""
    program = (
        "import os\nfrom sandbox.agent import symbolic\nsymbolic.preload()\nprint(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "1\n"


def test_importing_the_agent_does_not_load_crosshair() -> None:
    """Only `preload` and `analyse` load CrossHair, so a process that merely imports the module stays light."""
    program = "import sys\nfrom sandbox.agent import symbolic\nprint('crosshair' in sys.modules, 'z3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False False\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b", "a"}, "set(['a', 'b'])"),
        (frozenset(), "frozenset([])"),
        ((1,), "(1,)"),
        ({"k": [None, True, -0.0, b"\x00"]}, "{'k': [None, True, -0.0, b'\\x00']}"),
        (float("-inf"), 'float("-inf")'),
        (complex(0, 1), "complex(0.0, 1.0)"),
        pytest.param(10**5000, hex(10**5000), id="more digits than repr gives"),
    ],
)
def test_an_argument_is_rendered_so_that_eval_gives_it_back(value: object, text: str) -> None:
    """Sets come sorted, numbers without a literal as calls, and huge integers in hexadecimal."""
    assert symbolic.expression(value) == text
    assert eval(text) == value


def test_an_object_of_another_class_has_no_expression() -> None:
    """A subclass of a built-in type is not silently converted."""
    with pytest.raises(symbolic.Unsupported, match="OddInt is no plain value"):
        symbolic.expression(type("OddInt", (int,), {})(3))
