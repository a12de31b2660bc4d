"""The command `verifier check`: what it refuses, what it says, how it exits; the sandbox is a double."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner, Result

import sandbox.pool
from sandbox.errors import EngineUnavailable, JobFailed
from sandbox.job import Failure
from tests.verifier.doubles import ScriptedSandbox
from verifier.cli import main, summarise

ROW = {"task_id": "x/1", "entry_point": "f", "solution": "def f(): return 1", "tests": "assert f() == 1"}


class ScriptedPool(ScriptedSandbox):
    """A scripted sandbox that can be entered like a pool."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedPool:
    """The pool that the command opens."""
    pool = ScriptedPool()
    monkeypatch.setattr(sandbox.pool, "Pool", lambda **_: pool)
    return pool


def write_rows(folder: Path, *lines: object) -> Path:
    path = folder / "in.jsonl"
    path.write_text("".join(line + "\n" if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in ("check", *arguments)])


def test_one_verdict_a_row_in_order_and_a_summary(tmp_path: Path, scripted: ScriptedPool) -> None:
    """Rejections and unreadable rows are results: the run ends with exit code 0 and no partial file."""
    out = tmp_path / "out.jsonl"
    result = run(write_rows(tmp_path, ROW, "oops", {**ROW, "solution": "def f(:"}), "--out", out, "--workers", 2)
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["task_id"], row["accepted"], row["assurance"], row["reason"]) for row in rows] == [
        ("x/1", True, "tested", None),
        ("line/2", False, None, "malformed"),
        ("x/1", False, None, "syntax_error"),
    ]
    assert list(rows[0]) == ["task_id", "accepted", "assurance", "reason", "checks"]
    assert list(rows[0]["checks"][0]) == ["check", "status", "reason", "detail", "counterexample", "wall_s"]
    assert result.stdout.splitlines()[0] == "accepted        1 of 3"
    assert "  malformed                      1" in result.stdout
    assert list(tmp_path.glob("*.partial")) == []


def test_unjudged_rows_are_counted_and_the_exit_code_says_so(tmp_path: Path, scripted: ScriptedPool) -> None:
    """A row our machinery lost is written as unjudged; the message says what to run again."""
    scripted.error = JobFailed("two containers were lost")
    result = run(write_rows(tmp_path, ROW), "--out", tmp_path / "out.jsonl")
    assert result.exit_code == 1
    assert "1 rows remain unjudged because the sandbox failed on them: run the same command again." in result.stderr


def test_a_lost_engine_keeps_the_verdicts_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3, and the message names the file that holds what was judged."""

    class Vanishing(ScriptedPool):
        def run_tests(self, job):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            if len(self.jobs) == 2:
                raise EngineUnavailable("No Docker engine answers.")
            return super().run_tests(job)

    monkeypatch.setattr(sandbox.pool, "Pool", lambda **_: Vanishing())
    out = tmp_path / "out.jsonl"
    result = run(write_rows(tmp_path, *[ROW] * 5), "--out", out, "--workers", 1)
    assert result.exit_code == 3
    assert f"No Docker engine answers. The 2 verdicts so far are in {out}.partial." in result.stderr
    assert len(Path(f"{out}.partial").read_text().splitlines()) == 2
    assert not out.exists()


def test_an_empty_input_is_said_to_be_empty(tmp_path: Path, scripted: ScriptedPool) -> None:
    """Nothing is written for a file without rows."""
    path, out = write_rows(tmp_path, "", "  "), tmp_path / "out.jsonl"
    result = run(path, "--out", out)
    assert result.exit_code == 1
    assert f"{path} holds no rows: nothing was judged and {out} was not written." in result.stderr
    assert list(tmp_path.iterdir()) == [path]


def test_an_input_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """The path is named."""
    result = run(tmp_path / "missing.jsonl", "--out", tmp_path / "out.jsonl")
    assert result.exit_code == 2
    assert "missing.jsonl' does not exist" in result.stderr.replace("\n", " ")


def test_an_output_that_cannot_be_written_is_explained(tmp_path: Path, scripted: ScriptedPool) -> None:
    """The sentence names the path, the cause and what to do."""
    out = tmp_path / "nowhere" / "out.jsonl"
    result = run(write_rows(tmp_path, ROW), "--out", out)
    assert result.exit_code == 1
    assert (
        f"{out} cannot be written: No such file or directory. Give --out a path in a folder that exists"
        in result.stderr
    )
    assert scripted.jobs == []


@pytest.mark.parametrize("name", ["mbpp", "kodcode", "stdio"])
def test_a_format_to_come_is_refused_by_name(tmp_path: Path, name: str) -> None:
    """The message says which formats this version reads."""
    result = run(write_rows(tmp_path, ROW), "--out", tmp_path / "out.jsonl", "--format", name)
    assert result.exit_code == 2
    assert f"--format {name} is not in this version; it reads auto, native, humaneval." in result.stderr.replace(
        "\n", " "
    )


def test_the_level_and_the_seed_reach_the_job(tmp_path: Path, scripted: ScriptedPool) -> None:
    """Options are not swallowed on the way."""
    row = {**ROW, "reference": "def f(): return 1", "contracts": {"post": ["__return__ == 1"]}}
    run(write_rows(tmp_path, row), "--out", tmp_path / "out.jsonl", "--level", "quick", "--seed", 5)
    assert scripted.jobs[0].seed == 5
    assert [step.check for step in scripted.jobs[0].steps] == ["examples", "determinism"]


def test_the_summary_lists_assurances_and_reasons_by_frequency() -> None:
    """stdout carries the counts, most frequent reason first."""
    tally = Counter({"accepted tested": 2, "accepted proved": 1, "example_failed": 1, "cpu_limit": 3})
    assert [line.split() for line in summarise(tally).splitlines()] == [
        ["accepted", "3", "of", "7"], ["proved", "1"], ["tested", "2"],
        ["rejected", "4", "of", "7"], ["cpu_limit", "3"], ["example_failed", "1"],
    ]  # fmt: skip


def test_help_loads_nothing_heavy() -> None:
    """`--help` answers without pydantic, Hypothesis, Docker's client or CrossHair."""
    code = (
        "import sys, verifier.cli\n"
        "try: verifier.cli.main(['check', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'pydantic', 'hypothesis', 'docker', 'crosshair', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_failed_example_is_a_result_not_a_failure(tmp_path: Path, scripted: ScriptedPool) -> None:
    """A rejected sample leaves the exit code at 0 and its counterexample in the row."""
    scripted.failures["examples"] = Failure(
        kind="assertion", message="assert f() == 1", call="f()", outcome="returned 2"
    )
    out = tmp_path / "out.jsonl"
    assert run(write_rows(tmp_path, ROW), "--out", out).exit_code == 0
    row = json.loads(out.read_text())
    assert (row["reason"], row["checks"][-1]["counterexample"]) == ("example_failed", "f()")
