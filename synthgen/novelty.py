"""When are two solutions the same? When they differ only in names and constants.

`normalised_digest` is what `produce` compares. It does not look for programs that do the same in different ways.
"""

import ast
import hashlib


def normalised_digest(source: str) -> str:
    """The sha256, in hex, of the source's canonical form: names by order of appearance, constants by type, no docstrings,
    no annotations. Raises SyntaxError where the source does not parse."""
    names: dict[str, str] = {}
    text = _canonical(ast.parse(source), names)
    return hashlib.sha256(text.encode()).hexdigest()


# Fields that hold identifiers which the author chose; attribute names such as `append` are not among them.
_NAMED = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ClassDef: "name",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
}
_LEFT_OUT = frozenset({"annotation", "returns", "type_comment", "type_ignores", "kind", "ctx"})


def _canonical(node: object, names: dict[str, str]) -> str:
    if isinstance(node, list):
        return "[" + ",".join(_canonical(item, names) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.Constant):
        return f"<{type(node.value).__name__}>"
    if isinstance(node, ast.AnnAssign):
        return _canonical_assignment(node, names)
    chosen = _NAMED.get(type(node))
    parts: list[str] = [type(node).__name__]
    for field, value in ast.iter_fields(node):
        if field in _LEFT_OUT:
            continue
        if field == chosen and isinstance(value, str):
            parts.append(names.setdefault(value, f"n{len(names)}"))
        elif field == "body" and isinstance(value, list):
            parts.append(_canonical(_without_docstring(node, value), names))
        else:
            parts.append(_canonical(value, names))
    return "(" + " ".join(parts) + ")"


def _canonical_assignment(node: ast.AnnAssign, names: dict[str, str]) -> str:
    """`total: int = 0` reads as `total = 0`; a bare annotation reads as nothing."""
    if node.value is None:
        return "(Pass)"
    return f"(Assign [{_canonical(node.target, names)}] {_canonical(node.value, names)})"


def _without_docstring(node: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    if not isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or not body:
        return body
    first = body[0]
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_text else body
