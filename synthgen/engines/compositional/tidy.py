"""Small rewritings of source text that a careful programmer would make: brackets, denials, lambdas that do nothing."""

import re

from synthgen.engines.compositional.expressions import Code

_SIMPLE_LAMBDA = re.compile(r"lambda (\w+): (\w+)\(\1\)(?=[,)])")


def iterated(source: Code) -> Code:
    """What a loop or a comprehension goes through: a list made only for that is left out."""
    if not source.text.startswith("list(") or " for " in source.text:
        return source
    inner = bare(source.text[4:])
    return Code(inner) if inner != source.text[4:] and inner else source


def bare(test: str) -> str:
    """A condition without brackets around the whole of it."""
    if not (test.startswith("(") and test.endswith(")")):
        return test
    depth = 0
    for place, mark in enumerate(test):
        depth += (mark == "(") - (mark == ")")
        if depth == 0 and place < len(test) - 1:
            return test
    return test[1:-1]


_COMPARISON = re.compile(r"([^<>=!]+) (<=|>=|<|>|==|!=) ([^<>=!]+)")
_OPPOSITE = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "==": "!=", "!=": "=="}


def opposite(tests: list[str]) -> str:
    """The denial of all these conditions together, with a single comparison turned round."""
    if len(tests) > 1:
        return f"not ({' and '.join(tests)})"
    test = bare(tests[0])
    compared = _COMPARISON.fullmatch(test)
    if compared is not None and not re.search(r"\b(and|or|not|if|in|for)\b", test):
        return f"{compared[1]} {_OPPOSITE[compared[2]]} {compared[3]}"
    return f"not {test}" if re.fullmatch(r"[\w.]+\([^()]*\)", test) else f"not ({test})"


def without_idle_lambda(line: str) -> str:
    """`key=lambda word: len(word)` reads `key=len`."""
    return _SIMPLE_LAMBDA.sub(r"\2", line)
