"""Parse untrusted Python text on the host without letting it exhaust the host.

Only `ast.parse` runs here; nothing is compiled, imported or executed.
"""

import ast
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from verifier.problem import MAX_SOURCE_CHARS
from verifier.verdict import Reason

# Deeper trees make every recursive reader of an ast (unparse, compile) hit Python's recursion limit.
MAX_TREE_DEPTH = 200
MAX_TREE_NODES = 200_000

# PEP 263: a cookie counts on the first two lines only.
_CODING_COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8_NAMES = frozenset({"utf-8", "utf8", "utf-8-sig", "u8"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a text is not taken as Python."""

    reason: Reason
    detail: str


def parse_source(source: str) -> ast.Module | Refused:
    """The module `source` is, or why it is refused; never raises, whatever the text."""
    if len(source) > MAX_SOURCE_CHARS:
        return Refused(
            reason=Reason.SOURCE_TOO_LARGE,
            detail=f"{len(source)} characters; at most {MAX_SOURCE_CHARS} are read",
        )
    encoding_fault = _find_encoding_fault(source)
    if encoding_fault is not None:
        return Refused(reason=Reason.ENCODING_REFUSED, detail=encoding_fault)
    try:
        module = ast.parse(source)
    except SyntaxError as error:
        return Refused(reason=Reason.SYNTAX_ERROR, detail=f"line {error.lineno}: {error.msg}")
    except (MemoryError, RecursionError):
        return Refused(reason=Reason.SOURCE_TOO_LARGE, detail="nested too deeply for Python's own parser")
    except (ValueError, OverflowError) as error:
        return Refused(reason=Reason.SYNTAX_ERROR, detail=str(error))
    return _refuse_overgrown(module) or module


def parse_expression(text: str) -> ast.expr | Refused:
    """The one expression `text` is, or why it is refused."""
    if not text.strip():
        return Refused(reason=Reason.SYNTAX_ERROR, detail="empty")
    # A line break would end the expression once it is written into a docstring or a call.
    module = parse_source(f"({text}\n)")
    if isinstance(module, Refused):
        return module
    if len(module.body) != 1 or not isinstance(module.body[0], ast.Expr):
        return Refused(reason=Reason.SYNTAX_ERROR, detail="not a single expression")
    return module.body[0].value


def walk_tree(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node below and including `tree`, in the order of `ast.walk` but without contexts: twice as fast."""
    pending = deque([tree])
    while pending:
        node = pending.popleft()
        pending += _list_children(node)
        yield node


def names_written_dunder(name: str) -> bool:
    """Whether `name` has the form `__name__`, Python's own namespace."""
    return name.startswith("__") and name.endswith("__")


def _find_encoding_fault(source: str) -> str | None:
    if "\0" in source:
        return "the source contains a null character"
    try:
        source.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"the source contains a lone surrogate at character {error.start}"
    for line in source.split("\n", 2)[:2]:
        cookie = _CODING_COOKIE.match(line)
        if cookie is not None and cookie.group(1).lower().replace("_", "-") not in _UTF8_NAMES:
            return f"the source declares the encoding {cookie.group(1)!r}; only UTF-8 is judged"
    return None


def _refuse_overgrown(module: ast.Module) -> Refused | None:
    """Refuse a tree that later readers could not walk; level by level, so that it needs no recursion itself."""
    level: list[ast.AST] = [module]
    nodes = 0
    for _ in range(MAX_TREE_DEPTH):
        level = [child for node in level for child in _list_children(node)]
        if not level:
            return None
        nodes += len(level)
        if nodes > MAX_TREE_NODES:
            return Refused(reason=Reason.SOURCE_TOO_LARGE, detail=f"more than {MAX_TREE_NODES} syntax nodes")
    return Refused(reason=Reason.SOURCE_TOO_LARGE, detail=f"nested more than {MAX_TREE_DEPTH} levels deep")


def _list_children(node: ast.AST) -> list[ast.AST]:
    children: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            children += [item for item in value if isinstance(item, ast.AST)]
        elif name != "ctx" and isinstance(value, ast.AST):
            children.append(value)
    return children
