"""A JSONL file as samples, one line at a time: a row that cannot be read becomes a `BadRow` and stops nothing."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from verifier.formats.humaneval import is_humaneval, read_humaneval
from verifier.formats.native import read_native
from verifier.problem import Sample

MAX_LINE_BYTES = 4_000_000
MAX_TASK_ID_CHARS = 500
MAX_DETAIL_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A line that is no sample. task_id is the row's own where it has one, else `line/<number>`."""

    task_id: str
    line: int
    detail: str


def read_rows(path: Path, row_format: str = "auto") -> Iterator[Sample | BadRow]:
    """The samples in a `.jsonl` or `.jsonl.gz` file, in order; blank lines are skipped. Raises OSError."""
    with _open_bytes(path) as opened:
        number = 0
        while True:
            try:
                line = opened.readline(MAX_LINE_BYTES + 1)
                number += 1
                is_too_long = len(line) > MAX_LINE_BYTES
                if is_too_long:
                    _skip_line(opened, line)
            except (EOFError, zlib.error) as error:
                raise OSError(f"the compressed data ends or breaks after line {number}: {error}") from error
            if not line:
                return
            if is_too_long:
                yield _describe_bad({}, number, f"the line is longer than {MAX_LINE_BYTES} bytes")
            elif line.strip():
                yield read_line(line, number=number, row_format=row_format)


def _open_bytes(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def read_line(line: bytes, *, number: int, row_format: str) -> Sample | BadRow:
    """One line as a sample."""
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return _describe_bad({}, number, f"not UTF-8: byte {error.start} is {line[error.start]:#04x}")
    except json.JSONDecodeError as error:
        return _describe_bad({}, number, f"not JSON: {error.msg} at column {error.colno}")
    except (RecursionError, ValueError):
        return _describe_bad({}, number, "not readable JSON: nested too deeply, or a number too long")
    if not isinstance(row, dict):
        return _describe_bad({}, number, f"a JSON object is wanted, not {type(row).__name__}")
    sample = _choose_reader(row, row_format)(row)
    return _describe_bad(row, number, sample) if isinstance(sample, str) else sample


def _choose_reader(row: dict[str, Any], row_format: str) -> Callable[[dict[str, Any]], Sample | str]:
    if row_format == "humaneval" or (row_format == "auto" and is_humaneval(row)):
        return read_humaneval
    return read_native


def _describe_bad(row: dict[str, Any], number: int, detail: str) -> BadRow:
    task_id = row.get("task_id")
    known = isinstance(task_id, str) and bool(task_id) and len(task_id) <= MAX_TASK_ID_CHARS
    return BadRow(
        task_id=str(task_id) if known else f"line/{number}",
        line=number,
        detail=f"line {number}: {detail}"[:MAX_DETAIL_CHARS],
    )


def _skip_line(opened: IO[bytes], line: bytes) -> None:
    """Read on to the end of a line too long to keep, a piece at a time."""
    piece = line
    while piece and not piece.endswith(b"\n"):
        piece = opened.readline(MAX_LINE_BYTES)
