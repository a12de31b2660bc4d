"""Parsing untrusted text on the host."""

import ast

import pytest

from verifier.problem import MAX_SOURCE_CHARS
from verifier.syntax import Refused, parse_expression, parse_source
from verifier.verdict import Reason


def test_a_plain_source_is_parsed() -> None:
    """A source that Python reads comes back as its module."""
    assert isinstance(parse_source("def f(n):\n    return n\n"), ast.Module)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(:", Reason.SYNTAX_ERROR),
        ("x = " + "9" * 5_000, Reason.SYNTAX_ERROR),
        ("-" * 20_000 + "1", Reason.SOURCE_TOO_LARGE),
        ("a" + ".b" * 60_000, Reason.SOURCE_TOO_LARGE),
        ("a" + ".b" * 300, Reason.SOURCE_TOO_LARGE),
        ("x = 1\n" * MAX_SOURCE_CHARS, Reason.SOURCE_TOO_LARGE),
        ("# coding: rot13\nqrs s(): cnff", Reason.ENCODING_REFUSED),
        ("#!/bin/sh\n# -*- coding: latin-1 -*-\n", Reason.ENCODING_REFUSED),
        ("x = '\0'", Reason.ENCODING_REFUSED),
        ("x = '\ud800'", Reason.ENCODING_REFUSED),
    ],
)
def test_a_hostile_source_is_refused_with_its_reason(source: str, reason: Reason) -> None:
    """No text makes the parser raise; each refusal names its reason."""
    refused = parse_source(source)
    assert isinstance(refused, Refused)
    assert refused.reason is reason


def test_a_utf8_cookie_is_allowed() -> None:
    """The one encoding that is judged may be declared, under any of its names."""
    for name in ("utf-8", "UTF8", "utf_8"):
        assert isinstance(parse_source(f"# -*- coding: {name} -*-\n"), ast.Module)


def test_a_cookie_on_the_third_line_is_only_a_comment() -> None:
    """PEP 263 reads two lines; a later one declares nothing."""
    assert isinstance(parse_source("\n\n# coding: rot13\n"), ast.Module)


@pytest.mark.parametrize("text", ["", "x; y", "x = 1", "1) ; (2", "x\n\nimport os", "return 1"])
def test_what_is_no_single_expression_is_refused(text: str) -> None:
    """Only one expression is taken, however the text tries to leave its brackets."""
    assert isinstance(parse_expression(text), Refused)


def test_an_expression_may_span_lines_and_end_in_a_comment() -> None:
    """Line breaks inside an expression are harmless."""
    tree = parse_expression("n >= 0 and\n n < 5  # small")
    assert isinstance(tree, ast.expr)
    assert ast.unparse(tree) == "n >= 0 and n < 5"
