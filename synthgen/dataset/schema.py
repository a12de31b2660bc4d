"""The columns of the shards: their names, types and meaning, in one place for the writer and the data set card."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthgen.completion import Rejection
from synthgen.dataset.ledger import Record
from synthgen.parse import parse

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class Column:
    """One column: kind is string, int, contracts or checks."""

    name: str
    kind: str
    meaning: str


_SAMPLE = (
    Column("task_id", "string", "unique name of the sample"),
    Column("prompt", "string", "what to write, in words"),
    Column("entry_point", "string", "name of the function that is asked for"),
    Column("solution", "string", "the Python source that was judged"),
    Column("tests", "string", "pytest-style tests and Hypothesis properties that call the entry point by name"),
    Column("contracts", "contracts", "pre, post, raises: Python expressions that the verifier turned into properties"),
    Column("reference", "string", "an independently derived solution, where there is one"),
)
_CHECKS = Column(
    "checks", "checks", "what each rung of the verifier found: check, status, reason, detail, counterexample"
)
_PROVENANCE = (
    Column("topic", "string", "what the problem is about"),
    Column("difficulty", "int", "grade given by the generator, 1 is easiest"),
    Column("style", "string", "how the statement and the code are written"),
    Column("engine", "string", "what generated the sample"),
    Column("engine_version", "string", "its version"),
    Column("model", "string", "the language model that was asked; null where none was"),
    Column("prompt_version", "string", "version of the prompts; null where no model was asked"),
    Column("fault", "string", "label of a deliberately planted fault; null for a clean sample"),
)

ACCEPTED_COLUMNS = (
    *_SAMPLE,
    Column("assurance", "string", "the highest rung of the verifier that the sample stands on"),
    _CHECKS,
    *_PROVENANCE,
)
REJECTED_COLUMNS = (
    *_SAMPLE,
    Column("stage", "string", "the stage or check that refused it"),
    Column("reason", "string", "the closed reason"),
    Column("detail", "string", "what was found"),
    Column("counterexample", "string", "the smallest failing call that was found"),
    _CHECKS,
    *_PROVENANCE,
    Column("completion", "string", "the text as the engine gave it"),
)


def arrow_schema(columns: tuple[Column, ...]) -> "pyarrow.Schema":
    """The Arrow schema of these columns."""
    import pyarrow

    text = pyarrow.string()
    check = pyarrow.struct([(name, text) for name in ("check", "status", "reason", "detail", "counterexample")])
    kinds = {
        "string": text,
        "int": pyarrow.int64(),
        "contracts": pyarrow.struct([(name, pyarrow.list_(text)) for name in ("pre", "post", "raises")]),
        "checks": pyarrow.list_(check),
    }
    return pyarrow.schema([(column.name, kinds[column.kind]) for column in columns])


def row(record: Record) -> dict[str, Any]:
    """One sample as a row of its shard. It holds nothing that differs from run to run: no times, no places."""
    completion = record.completion
    sample = parse(completion)
    fields: dict[str, Any] = {column.name: None for column in _SAMPLE}
    if not isinstance(sample, Rejection):
        fields = sample.model_dump(mode="json", include={column.name for column in _SAMPLE})
    checks = record.verdict.checks if record.verdict else ()
    evidence = {"stage", "reason", "detail", "counterexample"}
    return {
        **fields,
        "task_id": record.task_id,
        "assurance": record.assurance,
        **{name: getattr(record, name) for name in sorted(evidence)},
        "checks": [json.loads(check.model_dump_json(exclude={"wall_s"})) for check in checks],
        **{column.name: getattr(completion, column.name) for column in _PROVENANCE},
        "completion": completion.text,
    }
