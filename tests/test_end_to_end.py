"""The whole line by its commands: produce a data set, kill and resume it, open it, read its report, judge it again."""

import base64
import gzip
import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from sandbox import engine
from sandbox.errors import EngineUnavailable
from synthgen.report.page import FILE_NAME as REPORT_NAME

pytestmark = pytest.mark.docker

N = 12
SYNTHGEN = [sys.executable, "-c", "from synthgen.cli import main; main()"]
VERIFIER = [sys.executable, "-c", "from verifier.cli import main; main()"]
SAMPLE_FIELDS = ("task_id", "prompt", "entry_point", "solution", "tests", "contracts", "reference")
RUN_TIMEOUT_S = 900

# What a user without synthgen would do with a row: run the solution, the tests' statements, then the test functions.
PLAIN_RUN = """
import sys
solution, tests = sys.stdin.read().split("\\0")
namespace = {"__name__": "tests"}
exec(solution, namespace)
exec(tests, namespace)
for name, value in list(namespace.items()):
    if name.startswith("test") and callable(value):
        value()
"""


def produce_command(out: Path) -> list[str]:
    """The run that this file is about, into a folder."""
    options = ["--n", str(N), "--fault-rate", "0.3", "--seed", "5", "--workers", "2", "--out", str(out)]
    return [*SYNTHGEN, "produce", *options]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The folder of an uninterrupted run, and how its command ended."""
    try:
        engine.connect().close()
    except EngineUnavailable as error:
        pytest.skip(str(error))
    out = tmp_path_factory.mktemp("runs") / "whole"
    return out, subprocess.run(produce_command(out), capture_output=True, text=True, check=False, timeout=RUN_TIMEOUT_S)


def rows_of(out: Path, kind: str) -> list[dict[str, Any]]:
    """Every row of the shards of one kind, in order."""
    return [
        row for path in sorted((out / kind).glob("*.parquet")) for row in pyarrow.parquet.read_table(path).to_pylist()
    ]


def shards_of(out: Path) -> dict[str, bytes]:
    """The bytes of every shard by name."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.glob("*/*.parquet"))}


def test_produce_ends_with_the_samples_it_was_asked_for(made: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Exit code 0, exactly N accepted rows without a planted fault among them, and rejected rows with their reasons."""
    out, ended = made
    assert ended.returncode == 0, ended.stderr
    accepted, rejected = rows_of(out, "accepted"), rows_of(out, "rejected")
    assert len(accepted) == N
    assert [row["task_id"] for row in accepted if row["fault"]] == []
    assert rejected
    assert all(row["reason"] for row in rejected)
    assert [row["task_id"] for row in rejected if not row["fault"] and row["reason"] != "duplicate"] == []
    assert "accepted" in ended.stdout
    assert str(out / REPORT_NAME) in ended.stdout


def test_accepted_solutions_pass_their_tests_under_plain_python(
    made: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Without a line of ours: the solution, its asserts, its test functions and its Hypothesis properties."""
    out, _ = made
    for row in rows_of(out, "accepted"):
        ran = subprocess.run(
            [sys.executable, "-P", "-c", PLAIN_RUN], input=f"{row['solution']}\0{row['tests']}", cwd=tmp_path,
            capture_output=True, text=True, check=False, timeout=RUN_TIMEOUT_S,
        )  # fmt: skip
        assert ran.returncode == 0, f"{row['task_id']}: {ran.stderr}"


def test_the_plain_run_catches_a_wrong_solution(
    made: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Control: the same run fails for an accepted row whose solution returns None."""
    out, _ = made
    row = rows_of(out, "accepted")[0]
    broken = f"{row['solution']}\n\ndef {row['entry_point']}(*arguments, **keywords):\n    return None\n"
    ran = subprocess.run(
        [sys.executable, "-P", "-c", PLAIN_RUN], input=f"{broken}\0{row['tests']}", cwd=tmp_path, capture_output=True,
        text=True, check=False, timeout=RUN_TIMEOUT_S,
    )  # fmt: skip
    assert ran.returncode != 0


@pytest.mark.parametrize("kind", ["accepted", "rejected"])
def test_load_dataset_opens_the_shards(
    made: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path, kind: str
) -> None:
    """`datasets.load_dataset("parquet", …)` gives as many rows as the shards hold."""
    datasets = pytest.importorskip("datasets")
    out, _ = made
    loaded = datasets.load_dataset(
        "parquet", data_files=str(out / kind / "*.parquet"), split="train", cache_dir=str(tmp_path)
    )
    assert list(loaded["task_id"]) == [row["task_id"] for row in rows_of(out, kind)]


def test_the_report_holds_every_rejected_sample(made: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The page's packed records name each rejected task with its reason and its code."""
    out, _ = made
    page = (out / REPORT_NAME).read_text(encoding="utf-8")
    packed = re.search(r'<script type="text/plain" id="records">([^<]*)</script>', page)
    assert packed is not None
    records = {record["task_id"]: record for record in json.loads(gzip.decompress(base64.b64decode(packed[1])))}
    for row in rows_of(out, "rejected"):
        text = json.dumps(records[row["task_id"]])
        assert row["reason"] in text
        assert json.dumps(row["solution"])[1:-1] in text


def verdicts_in(out: Path) -> int:
    """How many verdicts the ledger of a running command holds."""
    try:
        with closing(sqlite3.connect(f"file:{out / 'run.db'}?mode=ro", uri=True, timeout=5)) as ledger:
            return int(ledger.execute("SELECT count(*) FROM verdicts").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_killed_and_resumed_equals_uninterrupted(
    made: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """`kill -9` at a random moment, then the same command: the shards are byte for byte those of the whole run."""
    whole, _ = made
    out = tmp_path / "killed"
    chance = random.SystemRandom()
    enough, extra_s = chance.randrange(1, N), chance.random()
    running = subprocess.Popen(
        produce_command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while verdicts_in(out) < enough and running.poll() is None:
        time.sleep(0.05)
    time.sleep(extra_s)
    running.send_signal(signal.SIGKILL)
    assert running.wait(60) == -signal.SIGKILL, "the run ended before it was killed"
    resumed = subprocess.run(produce_command(out), capture_output=True, text=True, check=False, timeout=RUN_TIMEOUT_S)
    assert resumed.returncode == 0, resumed.stderr
    assert shards_of(out) == shards_of(whole), f"killed {extra_s:.3f} s after {enough} verdicts"


def test_the_verifier_alone_gives_the_same_verdicts(
    made: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """`verifier check` on the rows as JSONL accepts what produce accepted and gives the same reasons for the rest."""
    out, _ = made
    judged = [
        *((row, None) for row in rows_of(out, "accepted")),
        *((row, row["reason"]) for row in rows_of(out, "rejected") if row["stage"] not in ("parse", "novelty")),
    ]
    source, verdicts = tmp_path / "rows.jsonl", tmp_path / "verdicts.jsonl"
    source.write_text("".join(json.dumps({name: row[name] for name in SAMPLE_FIELDS}) + "\n" for row, _ in judged))
    ended = subprocess.run(
        [*VERIFIER, "check", str(source), "--out", str(verdicts), "--workers", "2", "--seed", "5"],
        capture_output=True, text=True, check=False, timeout=RUN_TIMEOUT_S,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in verdicts.read_text().splitlines()]
    assert [(row["task_id"], row["accepted"], row["reason"]) for row in found] == [
        (row["task_id"], reason is None, reason) for row, reason in judged
    ]
