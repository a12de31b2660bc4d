"""The HumanEval row: a prompt that is code to complete, a completion, and a test module that defines `check(candidate)`.

The solution is the prompt with its completion. Helpers that the prompt defines beside the entry point are given to the
tests on the judge's side, so a completion that redefines one gains nothing.
"""

import ast
from typing import Any

from pydantic import ValidationError

from verifier.formats.native import describe_faults
from verifier.problem import Sample
from verifier.syntax import Refused, parse_source

# The first one present is taken. The first two continue the prompt; `solution` is a whole program.
CONTINUATION_FIELDS = ("completion", "canonical_solution")
WHOLE_FIELD = "solution"


def is_humaneval(row: dict[str, Any]) -> bool:
    """Whether a row's keys are HumanEval's rather than the native format's."""
    return "test" in row and "tests" not in row and "contracts" not in row


def read_humaneval(row: dict[str, Any]) -> Sample | str:
    """The sample a row holds, or what is wrong with the row."""
    solution_field = next((name for name in (*CONTINUATION_FIELDS, WHOLE_FIELD) if row.get(name) is not None), None)
    missing = [name for name in ("task_id", "prompt", "entry_point", "test") if row.get(name) is None]
    if solution_field is None:
        missing.append(" or ".join((*CONTINUATION_FIELDS, WHOLE_FIELD)))
    if solution_field is None or missing:
        return f"missing: {', '.join(missing)}"
    wrong = [name for name in ("prompt", "entry_point", "test", solution_field) if not isinstance(row[name], str)]
    if wrong:
        return f"{wrong[0]}: a string is wanted, not {type(row[wrong[0]]).__name__}"
    prompt, entry_point = row["prompt"], row["entry_point"]
    solution = row[solution_field] if solution_field == WHOLE_FIELD else prompt + row[solution_field]
    try:
        return Sample(
            task_id=row["task_id"],
            prompt=prompt,
            entry_point=entry_point,
            solution=solution,
            tests=render_tests(prompt, entry_point=entry_point, test=row["test"]),
        )
    except ValidationError as error:
        return describe_faults(error)


def render_tests(prompt: str, *, entry_point: str, test: str) -> str:
    """The official test as a test module: the prompt's helpers, the test itself, and one function that runs the check."""
    parts = [find_helpers(prompt, entry_point=entry_point), test.strip("\n"), ""]
    parts += ["def test_check():", f"    check({entry_point})", ""]
    return "\n".join(part for part in parts if part is not None)


def find_helpers(prompt: str, *, entry_point: str) -> str | None:
    """What the prompt defines beside the entry point, with its imports; None where it defines nothing else."""
    module = parse_source(prompt)
    if isinstance(module, Refused):
        return None
    helpers = [
        statement
        for statement in module.body
        if not (isinstance(statement, ast.FunctionDef) and statement.name == entry_point)
    ]
    if all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in helpers):
        return None
    try:
        return ast.unparse(ast.Module(body=helpers, type_ignores=[]))
    except (RecursionError, ValueError):
        return None
