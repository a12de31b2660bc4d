"""Annotations read as a small closed set of shapes, the types of values that can cross the sandbox's wall.

A shape is rendered back as an annotation of built-in types only, so it means the same in any namespace.
"""

import ast
from dataclasses import dataclass
from typing import Literal

MAX_ANNOTATION_DEPTH = 8

ShapeKind = Literal[
    "int", "float", "complex", "bool", "str", "bytes", "None",
    "list", "tuple", "dict", "set", "frozenset", "union", "literal",
]  # fmt: skip

_SCALARS: dict[str, ShapeKind] = {
    "int": "int", "float": "float", "complex": "complex", "bool": "bool",
    "str": "str", "Text": "str", "bytes": "bytes", "None": "None", "NoneType": "None",
}  # fmt: skip
_COLLECTIONS: dict[str, ShapeKind] = {
    "list": "list", "List": "list", "Sequence": "list", "MutableSequence": "list",
    "Iterable": "list", "Collection": "list",
    "set": "set", "Set": "set", "MutableSet": "set", "AbstractSet": "frozenset",
    "frozenset": "frozenset", "FrozenSet": "frozenset",
}  # fmt: skip
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_UNHASHABLE: frozenset[ShapeKind] = frozenset({"list", "dict", "set"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One type. inner holds element types; variadic marks `tuple[x, ...]`; literals are Python source."""

    kind: ShapeKind
    inner: tuple["Shape", ...] = ()
    variadic: bool = False
    literals: tuple[str, ...] = ()


def read_shape(annotation: ast.expr | None, *, depth: int = 0) -> Shape | None:
    """The shape that an annotation names, or None where it names none (missing, `Any`, a class of the source)."""
    if annotation is None or depth > MAX_ANNOTATION_DEPTH:
        return None
    match annotation:
        case ast.Constant(value=None):
            return Shape(kind="None")
        case ast.Constant(value=str(text)):
            return _read_quoted(text, depth=depth)
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _SCALARS:
            return Shape(kind=_SCALARS[name])
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _make_union([left, right], depth=depth)
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=index):
            return _read_subscript(name, index, depth=depth)
        case _:
            return None


def render_annotation(shape: Shape) -> str:
    """The shape as an annotation of built-in types; `typing` must be bound to `synthgen_typing` for literals."""
    match shape.kind:
        case "union":
            return " | ".join(render_annotation(inner) for inner in shape.inner)
        case "literal":
            return f"synthgen_typing.Literal[{', '.join(shape.literals)}]"
        case "tuple" if shape.variadic:
            return f"tuple[{render_annotation(shape.inner[0])}, ...]"
        case "tuple" if not shape.inner:
            return "tuple[()]"
        case "list" | "tuple" | "dict" | "set" | "frozenset":
            return f"{shape.kind}[{', '.join(render_annotation(inner) for inner in shape.inner)}]"
        case _:
            return shape.kind


def _read_quoted(text: str, *, depth: int) -> Shape | None:
    try:
        expression = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    return read_shape(expression, depth=depth + 1)


def _read_subscript(name: str, index: ast.expr, *, depth: int) -> Shape | None:
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    if name == "Literal":
        return _read_literal(parts)
    if name == "Optional" and len(parts) == 1:
        return _make_union([parts[0], ast.Constant(value=None)], depth=depth)
    if name == "Union":
        return _make_union(parts, depth=depth)
    if name in ("Annotated", "Final") and parts:
        return read_shape(parts[0], depth=depth + 1)
    if name in ("tuple", "Tuple"):
        return _read_tuple(parts, depth=depth)
    inner = tuple(read_shape(part, depth=depth + 1) for part in parts)
    known = tuple(shape for shape in inner if shape is not None)
    if len(known) != len(inner):
        return None
    if name in _COLLECTIONS and len(known) == 1:
        kind = _COLLECTIONS[name]
        return None if kind in ("set", "frozenset") and not _is_hashable(known[0]) else Shape(kind=kind, inner=known)
    if name in _MAPPINGS and len(known) == 2 and _is_hashable(known[0]):
        return Shape(kind="dict", inner=known)
    return None


def _read_tuple(parts: list[ast.expr], *, depth: int) -> Shape | None:
    match parts:
        case [] | [ast.Tuple(elts=[])]:
            return Shape(kind="tuple")
        case [element, ast.Constant(value=value)] if value is Ellipsis:
            inner = read_shape(element, depth=depth + 1)
            return None if inner is None else Shape(kind="tuple", inner=(inner,), variadic=True)
        case _:
            shapes = [read_shape(part, depth=depth + 1) for part in parts]
            known = tuple(shape for shape in shapes if shape is not None)
            return Shape(kind="tuple", inner=known) if len(known) == len(shapes) else None


def _make_union(parts: list[ast.expr], *, depth: int) -> Shape | None:
    members: list[Shape] = []
    for part in parts:
        shape = read_shape(part, depth=depth + 1)
        if shape is None:
            return None
        for member in shape.inner if shape.kind == "union" else (shape,):
            if member not in members:
                members.append(member)
    return members[0] if len(members) == 1 else Shape(kind="union", inner=tuple(members))


def _read_literal(parts: list[ast.expr]) -> Shape | None:
    literals: list[str] = []
    for part in parts:
        match part:
            case ast.Constant(value=None | bool() | int() | str() | bytes()):
                literals.append(ast.unparse(part))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())):
                literals.append(ast.unparse(part))
            case _:
                return None
    return Shape(kind="literal", literals=tuple(literals)) if literals else None


def _is_hashable(shape: Shape) -> bool:
    return shape.kind not in _UNHASHABLE and all(_is_hashable(inner) for inner in shape.inner)
