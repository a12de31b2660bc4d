"""A completion's text becomes a sample, or a rejection that says what is wrong with the text.

The text is a native row as one JSON object. Nothing is guessed or repaired: only a missing `task_id` is filled in, from
the engine's name and the index. Whatever the text holds, the answer is a value; this module raises nothing.
"""

import json

from pydantic import ValidationError

from synthgen.completion import Completion, Rejection
from verifier.problem import Sample
from verifier.verdict import Reason

STAGE = "parse"


def task_id_of(completion: Completion) -> str:
    """The name of a completion whose text does not give one."""
    return f"{completion.engine}/{completion.index}"


def parse(completion: Completion) -> Sample | Rejection:
    """The sample in the completion's text, or why there is none (`unparsable`)."""
    try:
        row = json.loads(completion.text)
    except RecursionError:
        return _refuse("the JSON is nested too deeply to read")
    except ValueError as error:
        return _refuse(f"the text is not JSON: {error}")
    if not isinstance(row, dict):
        return _refuse(f"the text holds a JSON {type(row).__name__}, not an object with the fields of a sample")
    if row.get("task_id") in (None, ""):
        row = {**row, "task_id": task_id_of(completion)}
    try:
        return Sample.model_validate(row)
    except ValidationError as error:
        return _refuse(_first_problems(error))


def _refuse(detail: str) -> Rejection:
    return Rejection(stage=STAGE, reason=Reason.UNPARSABLE, detail=detail)


def _first_problems(error: ValidationError) -> str:
    """The first three fields that are wrong, each with what is wrong with it."""
    problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)[:3]]
    return "; ".join(problems)
