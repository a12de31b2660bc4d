"""What counts as the same solution."""

import pytest

from synthgen.novelty import normalised_digest

BASE = """
def total_even(values: list[int]) -> int:
    total = 0
    for value in values:
        if value % 2 == 0:
            total += value
    return total
"""


def test_names_constants_docstrings_and_annotations_do_not_count() -> None:
    """A restyled copy has the digest of the original."""
    restyled = '''
def add_up(xs):
    """Add the multiples of three."""
    acc: int = 1
    for x in xs:
        if x % 3 == 7:
            acc += x
    return acc
'''
    assert normalised_digest(restyled) == normalised_digest(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total += value", "total -= value"),
        ("== 0", "> 0"),
        ("% 2 == 0", '% 2 == "a"'),
        ("total += value", "total += total"),
        ("for value in values:", "for value in reversed(values):"),
    ],
)
def test_structure_counts(old: str, new: str) -> None:
    """Another operator, another type of constant or another use of a name gives another digest."""
    assert normalised_digest(BASE.replace(old, new)) != normalised_digest(BASE)


def test_method_names_count() -> None:
    """Attributes are not names that the author chose."""
    assert normalised_digest("def f(s):\n    return s.upper()") != normalised_digest("def f(s):\n    return s.lower()")


def test_the_digest_is_hex_of_sha256() -> None:
    """The digest has 64 lowercase hex digits and is stable."""
    digest = normalised_digest(BASE)
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")
    assert digest == normalised_digest(BASE)


def test_what_does_not_parse_is_refused() -> None:
    """A syntax error is the caller's to handle."""
    with pytest.raises(SyntaxError):
        normalised_digest("def f(:")
