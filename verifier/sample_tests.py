"""Read a sample's tests: refuse what they may not do, and part its examples from its Hypothesis properties.

Tests run beside the judge, so they are held to an allowlist of imports and may not reach for the interpreter. The
sandbox contains them anyway; this keeps a careless or poisoned test from deciding its own verdict.
"""

import ast
from dataclasses import dataclass

from verifier.syntax import Refused, names_written_dunder, parse_source, walk_tree
from verifier.verdict import Reason

# fmt: off
ALLOWED_IMPORTS = frozenset({
    "__future__", "abc", "array", "bisect", "calendar", "cmath", "collections", "copy", "dataclasses", "datetime",
    "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq", "hypothesis", "itertools", "json",
    "math", "numbers", "operator", "pytest", "random", "re", "solution", "statistics", "string", "textwrap", "types", "typing",
    "unicodedata", "unittest", "warnings",
})
FORBIDDEN_NAMES = frozenset({
    "__builtins__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "delattr", "dir", "eval", "exec",
    "exit", "getattr", "globals", "help", "input", "locals", "memoryview", "open", "quit", "setattr", "vars",
})
# fmt: on
# The only dunder a test module commonly reads: `if __name__ == "__main__"`.
_ALLOWED_DUNDERS = frozenset({"__name__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTests:
    """The two test modules made of one; either may be empty. uses_hypothesis: whether Hypothesis is imported."""

    examples: str
    properties: str
    uses_hypothesis: bool


NO_TESTS = SampleTests(examples="", properties="", uses_hypothesis=False)


def read_tests(source: str) -> SampleTests | Refused:
    """Check and part a test module."""
    if not source.strip():
        return NO_TESTS
    module = parse_source(source)
    if isinstance(module, Refused):
        return Refused(reason=_reason_in_tests(module.reason), detail=f"tests: {module.detail}")
    fault = find_forbidden(module)
    if fault is not None:
        return Refused(reason=Reason.FORBIDDEN_IN_TESTS, detail=fault)
    uses_hypothesis = "hypothesis" in source and any("hypothesis" in _imported_roots(n) for n in walk_tree(module))
    properties = [statement for statement in module.body if _is_property(statement)]
    if not properties:
        has_examples = any(_checks_something(statement) for statement in module.body)
        return SampleTests(examples=source if has_examples else "", properties="", uses_hypothesis=uses_hypothesis)
    examples = [statement for statement in module.body if not _is_property(statement)]
    shared = [statement for statement in examples if not _checks_something(statement)]
    try:
        return SampleTests(
            examples=_write(examples) if len(shared) < len(examples) else "",
            properties=_write([s for s in module.body if s in shared or s in properties]),
            uses_hypothesis=True,
        )
    except (RecursionError, ValueError):
        return Refused(
            reason=Reason.TESTS_MALFORMED, detail="tests: nested too deeply, or a number too long, to rewrite"
        )


def find_forbidden(module: ast.Module) -> str | None:
    """The first thing in a test module that tests may not do."""
    for node in walk_tree(module):
        fault = _find_fault(node)
        if fault is not None:
            return f"tests, line {getattr(node, 'lineno', 0)}: {fault}"
    return None


def _find_fault(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name):
            is_forbidden = name in FORBIDDEN_NAMES or (names_written_dunder(name) and name not in _ALLOWED_DUNDERS)
            return f"the name {name!r} is not allowed" if is_forbidden else None
        case ast.Attribute(attr=attribute):
            return f"the attribute {attribute!r} is not allowed" if names_written_dunder(attribute) else None
        case ast.ImportFrom(level=level) if level:
            return "a relative import is not allowed"
        case ast.Import() | ast.ImportFrom():
            refused = [root for root in _imported_roots(node) if root not in ALLOWED_IMPORTS]
            return f"importing {refused[0]!r} is not allowed" if refused else None
        case _:
            return None


def _reason_in_tests(reason: Reason) -> Reason:
    return Reason.TESTS_MALFORMED if reason is Reason.SYNTAX_ERROR else reason


def _imported_roots(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=aliases):
            return [alias.name.split(".")[0] for alias in aliases]
        case ast.ImportFrom(module=str(module), level=0):
            return [module.split(".")[0]]
        case _:
            return []


def _is_property(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.FunctionDef):
        return False
    for decorator in statement.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name(id="given") | ast.Attribute(attr="given")):
                return True
            case _:
                continue
    return False


def _checks_something(statement: ast.stmt) -> bool:
    """Whether a top-level statement is a test itself, rather than something that tests use."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name.startswith("test")
        case ast.ClassDef(name=name):
            return name.startswith("Test")
        case ast.Import() | ast.ImportFrom() | ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Pass():
            return False
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Try(body=body) if all(isinstance(inner, ast.Import | ast.ImportFrom) for inner in body):
            return False
        case _:
            return True


def _write(statements: list[ast.stmt]) -> str:
    return ast.unparse(ast.Module(body=statements, type_ignores=[])) + "\n"
