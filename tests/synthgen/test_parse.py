"""From a completion's text to a sample or a rejection."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthgen.completion import Completion, Rejection
from synthgen.parse import parse
from tests.synthgen.doubles import SmallEngine
from verifier.problem import Sample
from verifier.verdict import Reason

COMPLETION = SmallEngine().complete(0)


def with_text(text: str) -> Completion:
    return replace(COMPLETION, text=text)


def test_a_native_row_becomes_the_sample_it_describes() -> None:
    """Every field of a native row is in the sample."""
    sample = parse(COMPLETION)
    assert isinstance(sample, Sample)
    assert json.loads(COMPLETION.text).items() <= {**sample.model_dump(mode="json")}.items()


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("def f(): pass", "the text is not JSON"),
        ("", "the text is not JSON"),
        ("[1, 2]", "a JSON list, not an object"),
        ('{"task_id": "a"}', "entry_point: Field required; solution: Field required"),
        ('{"entry_point": "a b", "solution": ""}', "'a b' is not a Python identifier"),
        ('{"entry_point": "f", "solution": "x = \'\\ud800\'"}', "solution: Input should be a valid string"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5_000, "the text is not JSON"),
    ],
)
def test_a_text_that_is_no_sample_is_unparsable_and_the_detail_says_why(text: str, detail: str) -> None:
    """Whatever is wrong with a text, the rejection names it."""
    rejection = parse(with_text(text))
    assert isinstance(rejection, Rejection)
    assert rejection.reason is Reason.UNPARSABLE
    assert detail in rejection.detail


def test_a_missing_task_id_is_made_from_the_engine_and_the_index() -> None:
    """A model that forgets the name of its sample loses nothing by it."""
    sample = parse(replace(COMPLETION, index=7, text='{"entry_point": "f", "solution": "def f(): ..."}'))
    assert isinstance(sample, Sample)
    assert sample.task_id == "small/7"


@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_no_text_makes_parsing_raise(text: str) -> None:
    """Any text at all gives a value."""
    assert isinstance(parse(with_text(text)), Sample | Rejection)
