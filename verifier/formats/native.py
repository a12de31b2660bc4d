"""The native row: the fields of `Sample`, as they are."""

from typing import Any

from pydantic import ValidationError

from verifier.problem import Sample


def read_native(row: dict[str, Any]) -> Sample | str:
    """The sample a row holds, or what is wrong with the row."""
    try:
        return Sample.model_validate(row)
    except ValidationError as error:
        return describe_faults(error)


def describe_faults(error: ValidationError) -> str:
    """Every fault of a row by field, in the order of the fields."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'row'}: {fault['msg']}" for fault in faults)
