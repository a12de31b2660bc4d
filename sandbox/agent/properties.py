"""Hypothesis inside the driver: a fixed seed, counts instead of clocks, no files, no output.

Every decision that Hypothesis would take by the clock is replaced by a count, so that the same job gives the same report
on a loaded machine.
"""

import functools
from typing import Any


class Counter:
    """Inputs on which a property's body ran to its end, and the last input tried."""

    def __init__(self) -> None:
        self.examples = 0
        self.last_input = ""


def preload() -> None:
    """Import Hypothesis once and take away what depends on the process or the clock."""
    import hypothesis.strategies  # noqa: F401
    from hypothesis.internal.conjecture import engine, providers

    engine.MAX_SHRINKING_SECONDS = 10**9
    # Hypothesis mines constants from every local module it finds imported; ours say nothing about the property.
    providers._get_local_constants = lambda: providers._local_constants
    # Copying one part of an input over another costs a quarter of all time and found no fault that plain drawing missed.
    engine.ConjectureRunner.generate_mutations_from = lambda self, data: None  # type: ignore[method-assign]
    _warm_up()


def _warm_up() -> None:
    import hypothesis
    from hypothesis import strategies as st

    @hypothesis.settings(max_examples=5, database=None, deadline=None)
    @hypothesis.given(st.lists(st.integers()), st.text(max_size=3), st.dictionaries(st.text(max_size=2), st.booleans()))
    def probe(numbers: list[int], text: str, table: dict[str, bool]) -> None:
        assert (numbers, text, table) is not None

    probe()


def configure(function: Any, *, seed: int, max_examples: int, max_shrinks: int, counter: Counter) -> None:
    """Hold one `@given` function to the job's counts and count its inputs. A test may ask for fewer examples, not more."""
    import hypothesis
    from hypothesis.internal.conjecture import engine

    engine.MAX_SHRINKS = max_shrinks
    own = function._hypothesis_internal_use_settings
    function._hypothesis_internal_use_settings = hypothesis.settings(
        own,
        max_examples=min(max_examples, own.max_examples),
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    function._hypothesis_internal_use_seed = seed
    inner = function.hypothesis.inner_test
    if getattr(inner, "counted", False):
        return

    @functools.wraps(inner)
    def counted(*arguments: Any, **keywords: Any) -> Any:
        counter.last_input = ", ".join([*map(repr, arguments), *(f"{k}={v!r}" for k, v in keywords.items())])
        result = inner(*arguments, **keywords)
        counter.examples += 1
        return result

    counted.counted = True  # type: ignore[attr-defined]
    function.hypothesis.inner_test = counted


def failure_kind(error: BaseException) -> str | None:
    """The failure kind of an error of Hypothesis itself, None when the error is not one."""
    from hypothesis import errors

    if isinstance(error, errors.Unsatisfiable):
        return "unsatisfiable"
    if isinstance(error, errors.Flaky):
        return "nondeterministic"
    if isinstance(error, errors.HypothesisException):
        return "test_broken"
    return None
