"""Contracts as properties: the rendered modules are run in this process against plain functions."""

import ast
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest

from verifier.contracts import (
    Malformed,
    Terms,
    read_contracts,
    render_contract_test,
    render_replay_test,
    render_symbolic,
)
from verifier.problem import Contracts
from verifier.signature import EntryPoint, find_entry_point
from verifier.strategies import Underivable

QUIET = hypothesis.settings(
    max_examples=80, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)


def find_f(definition: str) -> EntryPoint:
    entry = find_entry_point(ast.parse(definition), "f")
    assert entry is not None
    return entry


def read(definition: str, **contract: tuple[str, ...]) -> Terms:
    terms = read_contracts(Contracts(**contract), find_f(definition))
    assert isinstance(terms, Terms), terms
    return terms


def run_property(terms: Terms, solution: Callable[..., Any]) -> None:
    source = render_contract_test(terms, constants=(), keywords=True)
    assert isinstance(source, str), source
    namespace: dict[str, Any] = {"synthgen_solution": solution}
    exec(source, namespace)
    hypothesis.seed(0)(QUIET(namespace["test_contract"]))()


def test_a_function_that_keeps_its_contract_passes() -> None:
    """Pre- and postconditions over parameters and the result hold on every drawn input."""
    terms = read("def f(n: int, xs: list[int]): ...", pre=("n >= 0",), post=("__return__ == n + len(xs)",))
    run_property(terms, lambda n, xs: n + len(xs))


def test_a_broken_postcondition_is_found() -> None:
    """The property fails for a solution that is wrong on longer lists only."""
    terms = read("def f(xs: list[int]): ...", post=("__return__ == sum(xs)",))
    with pytest.raises(AssertionError):
        run_property(terms, lambda xs: sum(xs[:3]))


def test_old_values_are_those_before_the_call() -> None:
    """`__old__` keeps the arguments as they were, the plain name is what the call left."""
    terms = read("def f(xs: list[int]): ...", post=("xs == sorted(__old__.xs)", "__return__ is None"))
    run_property(terms, lambda xs: xs.sort())
    with pytest.raises(AssertionError):
        run_property(terms, lambda xs: None)


def test_only_listed_exceptions_are_allowed() -> None:
    """An exception that the contract lists ends the example; any other one is a failure."""

    def fail(n: int) -> int:
        raise ValueError(n)

    run_property(read("def f(n: int): ...", post=("__return__ > n",), raises=("ValueError",)), fail)
    with pytest.raises(ValueError, match="0"):
        run_property(read("def f(n: int): ...", post=("__return__ > n",), raises=("KeyError",)), fail)


def test_a_precondition_that_nothing_satisfies_is_reported_by_hypothesis() -> None:
    """A vacuous contract does not pass silently: Hypothesis finds no example."""
    terms = read("def f(n: int): ...", pre=("n > 0", "n < 0"), post=("__return__ == n",))
    with pytest.raises(hypothesis.errors.Unsatisfiable):
        run_property(terms, lambda n: n)


def test_a_precondition_that_raises_does_not_hold() -> None:
    """`xs[0] > 0` simply excludes the empty list."""
    terms = read("def f(xs: list[int]): ...", pre=("xs[0] > 0",), post=("__return__ > 0",))
    run_property(terms, lambda xs: xs[0])


def test_parameters_with_awkward_names_are_passed_right() -> None:
    """Parameters named like built-ins or like the function itself clash with nothing that the module uses."""
    definition = "def f(f: int, /, len: int, *, sorted: int = 3):\n    return f + len\n"
    namespace: dict[str, Any] = {}
    exec(definition, namespace)
    run_property(read(definition, post=("__return__ == f + len",)), namespace["f"])


def test_a_default_that_nothing_describes_is_left_alone() -> None:
    """An unannotated parameter with a default is not passed, and what follows it goes by name."""
    terms = read("def f(a: int, cache={}, b: int = 2): ...", post=("__return__ == a + b",))
    run_property(terms, lambda a, cache=None, b=2: a + b)


@pytest.mark.parametrize(
    ("contract", "detail"),
    [
        ({"pre": ("m > 0",)}, "pre[0] 'm > 0': the name 'm' is none of: parameters, allowed built-ins"),
        ({"pre": ("__return__ > 0",)}, "the name '__return__' is none of"),
        ({"post": ("__old__.m == 1",)}, "__old__.m is no parameter"),
        ({"post": ("True",)}, "it says nothing of the result or the arguments"),
        ({"post": ("__return__ == 1, 'is one'",)}, "a tuple is always true"),
        ({"post": ("__return__.__class__ is int",)}, "the attribute '__class__' may not be used"),
        ({"post": ("open('x') or __return__",)}, "the name 'open' is none of"),
        ({"post": ("(n := __return__)",)}, "NamedExpr may not be used"),
        ({"post": ("__return__ ==",)}, "invalid syntax"),
        ({"raises": ("MyError",)}, "raises names 'MyError', which is no built-in exception"),
        ({"raises": ("SystemExit",)}, "raises names 'SystemExit', which is no built-in exception"),
    ],
)
def test_a_malformed_contract_is_explained(contract: dict[str, tuple[str, ...]], detail: str) -> None:
    """The message names the condition and what is wrong with it."""
    malformed = read_contracts(Contracts(**contract), find_f("def f(n: int): ..."))
    assert isinstance(malformed, Malformed)
    assert detail in malformed.detail


def test_a_contract_on_a_class_is_malformed() -> None:
    """Contracts describe functions with named parameters."""
    malformed = read_contracts(Contracts(post=("__return__",)), find_f("class f: pass"))
    assert malformed == Malformed(detail="a contract needs a function with named parameters, and 'f' is class")


def test_an_unsupported_annotation_leaves_the_property_underivable() -> None:
    """The contract is well formed, yet no inputs can be drawn for it."""
    terms = read("def f(node): ...", post=("__return__ == node",))
    assert isinstance(render_contract_test(terms, constants=(), keywords=True), Underivable)


def run_replay(terms: Terms, arguments: dict[str, str], solution: Callable[..., Any]) -> None:
    source = render_replay_test(terms, arguments, keywords=True)
    assert isinstance(source, str), source
    namespace: dict[str, Any] = {"synthgen_solution": solution}
    exec(source, namespace)
    namespace["test_counterexample"]()


def test_a_counterexample_is_replayed_only_if_it_meets_the_precondition() -> None:
    """Outside the precondition the call is not even made; inside, the postcondition decides."""
    terms = read("def f(n: int): ...", pre=("n > 0",), post=("__return__ > n",))
    calls: list[int] = []
    run_replay(terms, {"n": "-1"}, calls.append)
    assert calls == []
    with pytest.raises(AssertionError):
        run_replay(terms, {"n": "1"}, lambda n: n)


@pytest.mark.parametrize(
    "text", ["open('x')", "__import__('os')", "n", "[].append(1)", "int", "(lambda: 1)()", "f'{1}'"]
)
def test_claimed_arguments_that_are_no_plain_values_are_not_replayed(text: str) -> None:
    """The arguments come from a hostile process: nothing but literals and built-in types is written into a test."""
    terms = read("def f(n: int): ...", post=("__return__ > n",))
    assert isinstance(render_replay_test(terms, {"n": text}, keywords=True), Malformed)


@pytest.mark.parametrize("text", ["{1: [2, (3,)]}", "set()", "frozenset({1})", "float('nan')", "-1.5", "b'x'", "1+2j"])
def test_claimed_arguments_of_plain_values_are_replayed(text: str) -> None:
    """Every plain type that crosses the sandbox's wall can be written down."""
    terms = read("def f(n: int): ...", post=("__return__ == n",))
    assert isinstance(render_replay_test(terms, {"n": text}, keywords=True), str)


def test_the_symbolic_source_states_the_contract_in_pep_316() -> None:
    """The wrapper carries the conditions in its docstring, quotes and backslashes intact, and built-in annotations."""
    definition = "def f(s: 'Optional[str]', n: int = 0) -> List[str]:\n    return [s]\n"
    terms = read(definition, pre=("s != '\\n\"'",), post=("__return__ == [s]",), raises=("ValueError",))
    source = render_symbolic(terms, definition, find_f(definition))
    assert isinstance(source, str)
    module = ast.parse(source)
    wrapper = module.body[-1]
    assert isinstance(wrapper, ast.FunctionDef)
    assert ast.unparse(wrapper.args) == "s: str | None, n: int"
    docstring = ast.get_docstring(wrapper)
    assert docstring is not None
    assert docstring.splitlines() == ["pre: s != '\\n\"'", "post: __return__ == [s]", "raises: ValueError"]
