"""Whether a solution is plain enough for CrossHair's word to count.

CrossHair runs the solution in its own process, where hostile code could forge the word "confirmed". So a source is
eligible only if its syntax cannot reach the interpreter: an allowlist of pure imports, no dunders, no reflection.
"""

import ast

from verifier.syntax import names_written_dunder, walk_tree

# fmt: off
PURE_IMPORTS = frozenset({
    "__future__", "bisect", "collections", "functools", "heapq", "itertools", "math", "operator", "re", "string", "typing",
})
REFLECTIVE_NAMES = frozenset({
    "breakpoint", "classmethod", "compile", "delattr", "dir", "eval", "exec", "exit", "getattr", "globals", "help",
    "input", "locals", "memoryview", "open", "quit", "setattr", "super", "type", "vars",
})
# Attributes through which plain objects lead to frames, code or modules without any dunder.
REFLECTIVE_ATTRIBUTES = frozenset({
    "ag_frame", "attrgetter", "cr_frame", "f_back", "f_builtins", "f_globals", "f_locals", "format", "format_map",
    "get_type_hints", "gi_code", "gi_frame", "methodcaller", "mro", "sys", "tb_frame", "tb_next",
})
# fmt: on


def explain_ineligible(module: ast.Module) -> str | None:
    """The first thing in a solution that bars it from the symbolic rung, None where nothing does."""
    for node in walk_tree(module):
        match node:
            case ast.Import(names=aliases):
                roots = [alias.name for alias in aliases]
            case ast.ImportFrom(module=name, names=aliases, level=level):
                roots = ["." if level or name is None else name]
                fault = next((a.name for a in aliases if _is_reflective(a.name)), None)
                if fault is not None:
                    return f"it imports {fault!r}"
            case ast.Attribute(attr=attribute) if _is_reflective(attribute) or attribute.startswith("_"):
                return f"it uses the attribute {attribute!r}"
            case ast.Name(id=name) if name in REFLECTIVE_NAMES or names_written_dunder(name):
                return f"it uses the name {name!r}"
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if _is_reflective(name) and name != "__init__":
                return f"it defines {name!r}"
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                return "it uses asynchronous code"
            case _:
                continue
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for root in roots:
            if root not in PURE_IMPORTS and root != "collections.abc":
                return f"it imports {root!r}"
    return None


def _is_reflective(name: str) -> bool:
    return name in REFLECTIVE_NAMES or name in REFLECTIVE_ATTRIBUTES or names_written_dunder(name)
