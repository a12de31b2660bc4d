"""Reading rows: every fault stays with its own row."""

import gzip
import json
from pathlib import Path

import pytest

from verifier.formats.rows import MAX_LINE_BYTES, BadRow, read_line, read_rows
from verifier.problem import Sample

NATIVE = {"task_id": "x/1", "entry_point": "f", "solution": "def f(): ...", "tests": None, "contracts": None}
HUMANEVAL = {
    "task_id": "HumanEval/x",
    "prompt": "import math\n\ndef helper(n):\n    return n\n\ndef f(n):\n    '''Same.'''\n",
    "entry_point": "f",
    "canonical_solution": "    return n\n",
    "test": "def check(candidate):\n    assert candidate(1) == 1\n",
}


def read(row: object, row_format: str = "auto") -> Sample | BadRow:
    return read_line(json.dumps(row).encode(), number=7, row_format=row_format)


def test_a_native_row_is_a_sample() -> None:
    """Absent, null and empty fields mean the same."""
    sample = read(NATIVE)
    assert isinstance(sample, Sample)
    assert (sample.tests, sample.reference, sample.contracts.pre) == ("", "", ())


def test_a_humaneval_row_completes_its_prompt() -> None:
    """The solution is prompt and completion; the tests hold the prompt's helpers and call the official check."""
    sample = read(HUMANEVAL)
    assert isinstance(sample, Sample)
    assert sample.solution == HUMANEVAL["prompt"] + HUMANEVAL["canonical_solution"]
    assert sample.tests.startswith("import math\n\ndef helper(n):")
    assert "def f(" not in sample.tests
    assert sample.tests.endswith("def test_check():\n    check(f)\n")


def test_a_completion_goes_before_the_canonical_solution() -> None:
    """A row that carries both is judged on the completion."""
    sample = read({**HUMANEVAL, "completion": "    return 0\n"})
    assert isinstance(sample, Sample)
    assert sample.solution.endswith("return 0\n")


def test_a_whole_solution_is_taken_as_it_is() -> None:
    """Under the key `solution` a HumanEval row carries a complete program."""
    row = {key: value for key, value in HUMANEVAL.items() if key != "canonical_solution"}
    sample = read({**row, "solution": "def f(n): return n\n"})
    assert isinstance(sample, Sample)
    assert sample.solution == "def f(n): return n\n"


@pytest.mark.parametrize(
    ("line", "task_id", "detail"),
    [
        (b"{", "line/7", "line 7: not JSON: Expecting property name enclosed in double quotes at column 2"),
        (b"[1]", "line/7", "line 7: a JSON object is wanted, not list"),
        (b"\xff{}", "line/7", "line 7: not UTF-8: byte 0 is 0xff"),
        (b"[" * 100_000, "line/7", "line 7: not readable JSON: nested too deeply, or a number too long"),
        (b"{}", "line/7", "line 7: task_id: Field required; entry_point: Field required; solution: Field required"),
        (b'{"task_id": "a", "entry_point": "f"}', "a", "line 7: solution: Field required"),
        (
            b'{"task_id": "a", "entry_point": "f", "solution": 3}',
            "a",
            "line 7: solution: Input should be a valid string",
        ),
        (
            b'{"task_id": "a", "entry_point": "1f", "solution": ""}',
            "a",
            "line 7: entry_point: Value error, entry_point '1f' is not a Python identifier",
        ),
        (
            b'{"task_id": "a", "test": ""}',
            "a",
            "line 7: missing: prompt, entry_point, completion or canonical_solution or solution",
        ),
        (
            b'{"task_id": "a", "prompt": 1, "entry_point": "f", "test": "", "completion": ""}',
            "a",
            "line 7: prompt: a string is wanted, not int",
        ),
    ],
)
def test_a_row_that_is_no_sample_says_why(line: bytes, task_id: str, detail: str) -> None:
    """The fault names the line, the field and what was found; the row keeps its task_id where it has one."""
    bad = read_line(line, number=7, row_format="auto")
    assert isinstance(bad, BadRow)
    assert (bad.task_id, bad.detail) == (task_id, detail)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_a_file_is_read_row_by_row_past_its_faults(tmp_path: Path, suffix: str) -> None:
    """Bad and over-long lines stop nothing, blank lines are no rows, the last line needs no line break."""
    long_line = b'{"task_id": "long", "solution": "' + b"x" * (2 * MAX_LINE_BYTES) + b'"}'
    good = json.dumps(NATIVE).encode()
    data = b"\n".join([good, b"", b"oops", long_line, b"  ", good])
    path = tmp_path / f"rows{suffix}"
    path.write_bytes(gzip.compress(data) if suffix.endswith(".gz") else data)
    rows = list(read_rows(path))
    assert [type(row) for row in rows] == [Sample, BadRow, BadRow, Sample]
    assert [row.task_id for row in rows] == ["x/1", "line/3", "line/4", "x/1"]


def test_a_broken_gzip_file_is_an_error_of_the_file(tmp_path: Path) -> None:
    """Compressed data that ends early cannot be passed off as the end of the rows."""
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(NATIVE).encode() * 1000)[:-20])
    with pytest.raises(OSError, match="the compressed data ends or breaks"):
        list(read_rows(path))
