"""A test module, taken apart: its top-level statements in order, then its `test*` functions, one test each."""

import ast
import builtins
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

FILENAME = "tests.py"


class TestsBroken(Exception):
    """The test module itself cannot run; the solution is not to blame."""


@dataclass(frozen=True, slots=True)
class Test:
    """One thing that can pass or fail: a top-level assert, a plain function or a Hypothesis property."""

    name: str
    run: Callable[[], object]
    function: Any = None
    is_property: bool = False


class TestModule:
    """Parsed once; `statements` must be run in order before `functions` are asked for."""

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            self._tree = ast.parse(source, FILENAME)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise TestsBroken(f"the tests cannot be parsed: {error}") from None
        linecache.cache[FILENAME] = (len(source), None, source.splitlines(keepends=True), FILENAME)
        self.namespace: dict[str, Any] = {"__name__": "tests", "__file__": FILENAME, "__builtins__": builtins}

    def names_used(self) -> set[str]:
        """Names that the module reads anywhere, less the built-in ones."""
        return {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)} - set(dir(builtins))

    def statements(self) -> Iterator[tuple[bool, str, Callable[[], object]]]:
        """(is an assert, name, run) for each top-level assert and each run of statements between them."""
        pending: list[ast.stmt] = []
        for node in self._tree.body:
            if isinstance(node, ast.Assert):
                if pending:
                    yield False, "module", self._runner(pending)
                    pending = []
                yield True, f"assert, line {node.lineno}", self._runner([node])
            else:
                pending.append(node)
        if pending:
            yield False, "module", self._runner(pending)

    def _runner(self, nodes: list[ast.stmt]) -> Callable[[], object]:
        def run() -> None:
            code = compile(ast.Module(nodes, []), FILENAME, "exec", dont_inherit=True)
            exec(code, self.namespace)

        return run

    def functions(self) -> list[Test]:
        """The tests among what the module defined, in its order; parametrised ones once per parameter set."""
        tests: list[Test] = []
        for name, value in list(self.namespace.items()):
            if inspect.isclass(value) and value.__module__ == "tests":
                tests += _tests_of_class(name, value)
            elif name.startswith("test") and inspect.isfunction(value):
                tests += _expand(name, value)
        return tests

    def assert_text(self, error: BaseException) -> str:
        """The source of the assert that raised, or the innermost line of the test module on the traceback."""
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == FILENAME and frame.lineno is not None]
        if not lines:
            return ""
        covering = [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Assert) and node.lineno <= lines[-1] <= (node.end_lineno or node.lineno)
        ]
        if covering:
            return ast.get_source_segment(self.source, covering[-1]) or ""
        return linecache.getline(FILENAME, lines[-1]).strip()


def _tests_of_class(name: str, kind: type) -> list[Test]:
    """The test methods of a `unittest.TestCase`, with its fixtures, or of a plain class named `Test…`."""
    unittest = sys.modules.get("unittest")
    methods = [method for method in dir(kind) if method.startswith("test")]
    if unittest is not None and issubclass(kind, unittest.TestCase):
        return [Test(f"{name}.{method}", kind(method).debug) for method in methods]
    if not name.startswith("Test"):
        return []
    return [test for method in methods for test in _expand(f"{name}.{method}", getattr(kind(), method))]


def _expand(name: str, function: Any) -> list[Test]:
    if inspect.iscoroutinefunction(function):
        raise TestsBroken(f"{name} is an async test; only plain functions are run")
    is_property = bool(getattr(function, "is_hypothesis_test", False))
    marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    if marks:
        return [
            Test(f"{name}[{number}]", lambda kw=keywords: function(**kw), function, is_property)  # type: ignore[misc]
            for number, keywords in enumerate(_parameter_sets(marks))
        ]
    if not is_property:
        required = [
            parameter.name
            for parameter in inspect.signature(function).parameters.values()
            if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
        ]
        if required:
            raise TestsBroken(f"{name} wants {', '.join(required)}: fixtures are not provided here")
    return [Test(name, function, function, is_property)]


def _parameter_sets(marks: list[Any]) -> list[dict[str, Any]]:
    sets: list[dict[str, Any]] = [{}]
    for mark in marks:
        names, values = mark.args[:2]
        names = [part.strip() for part in names.split(",")] if isinstance(names, str) else list(names)
        rows = [getattr(row, "values", row) if hasattr(row, "marks") else row for row in values]
        rows = [(row,) if len(names) == 1 and not isinstance(row, tuple | list) else row for row in rows]
        sets = [{**one, **dict(zip(names, row, strict=True))} for one in sets for row in rows]
    return sets
