"""The `synthgen` command: usage, exit codes, messages; without a sandbox unless marked."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

from sandbox.engine import OWNER_LABEL, connect, remove
from sandbox.errors import EngineUnavailable
from synthgen.cli import main, produce_or_exit
from synthgen.dataset.folder import FolderInUse, FolderRefused
from synthgen.dataset.ledger import LedgerRefused, open_ledger
from synthgen.dataset.publish import Published
from synthgen.options import OptionRefused, ProduceOptions, checked_options
from synthgen.produce import RunInterrupted, RunStopped
from tests.synthgen.doubles import run_small, shard_bytes

ROOT = Path(__file__).parents[2]
OPTIONS = ProduceOptions(n=5, out=Path("run"), engine="compositional")


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    """`--help` answers at once because nothing that takes long to import is imported."""
    heavy = "{'pyarrow', 'docker', 'pydantic', 'plotly', 'matplotlib', 'jinja2', 'datasets', 'rich', 'hypothesis', 'crosshair'}"
    program = (
        "import sys; from click.testing import CliRunner; from synthgen.cli import main; "
        "result = CliRunner().invoke(main, ['produce', '--help']); assert result.exit_code == 0, result.output; "
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    listed = CliRunner().invoke(main, ["--help"]).output
    assert all(command in listed for command in ("produce", "report", "doctor"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--n", "0"], "--n is 0; it must be at least 1: it counts accepted samples, for example --n 200."),
        (["--n", "-5"], "--n is -5; it must be at least 1"),
        (["--n", "5", "--workers", "0"], "--workers is 0; it must be at least 1"),
        (["--n", "5", "--shard-rows", "0"], "--shard-rows is 0; it must be at least 1"),
        (["--n", "5", "--fault-rate", "1.5"], "--fault-rate is 1.5; it is a share: give a value from 0 to 1."),
        (["--n", "5", "--fault-rate", "nan"], "--fault-rate is nan"),
        (["--n", "5", "--level", "slow"], "--level is 'slow'; give one of quick, full."),
        (["--n", "5", "--seed", "-1"], "--seed is -1; give 0 or more."),
        (["--n", "5", "--max-candidates", "4"], "--max-candidates is 4, fewer than --n 5"),
        (["--n", "5", "--engine", "vllm"], "--engine vllm is not in this version"),
        (["--n", "5", "--engine", "openai"], "--engine openai is not in this version"),
        (["--n", "5", "--engine", "magic"], "--engine is 'magic'; give one of auto, compositional, replay."),
        (["--n", "5", "--engine", "replay"], "--engine replay needs --replay DIR"),
        (["--n", "5", "--engine", "compositional", "--replay", "x"], "--replay is x, but --engine is compositional"),
        (["--n", "5", "--replay", "x", "--out", "x"], "a run cannot replay itself"),
        (["--n", "5", "--replay", "x", "--fault-rate", "0.1"], "a replay plants nothing"),
    ],
)
def test_options_that_make_no_sense_exit_2_with_the_value_and_what_to_do(arguments: list[str], message: str) -> None:
    """A refused option names itself."""
    result = CliRunner().invoke(main, ["produce", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_the_folder_is_named_after_engine_and_seed_unless_given() -> None:
    """The default folder tells runs apart; auto means compositional."""
    given = {
        "workers": None,
        "fault_rate": 0.0,
        "level": "full",
        "shard_rows": 9,
        "max_candidates": None,
        "runtime": None,
    }
    options = checked_options(n=5, out=None, engine="auto", seed=7, replay=None, **given)  # type: ignore[arg-type]
    assert options.out == Path("runs/compositional-seed7")
    assert options.max_candidates == 1_050
    replayed = checked_options(n=5, out=None, engine="auto", seed=0, replay=Path("x"), **given)  # type: ignore[arg-type]
    assert (replayed.engine, replayed.out) == ("replay", Path("runs/replay-seed0"))


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OptionRefused("--seed is 3 but run was made with 1"), 2, "synthgen: --seed is 3 but run was made with 1"),
        (FolderRefused("run is not empty"), 2, "synthgen: run is not empty"),
        (EngineUnavailable("no Docker engine answers; run scripts/docker-engine.sh"), 3, "synthgen doctor"),
        (RunStopped("the disk of run is full"), 1, "Nothing that was judged is lost. Go on with:\n  synthgen"),
        (FolderInUse("run is in use"), 1, "synthgen: run is in use"),
        (PermissionError(13, "Permission denied", "run/accepted"), 1, "Permission denied: 'run/accepted'"),
        (RunInterrupted(), 130, "interrupted; nothing that was judged is lost. Go on with:\n  synthgen"),
        (KeyboardInterrupt(), 130, "interrupted at once"),
    ],
)
def test_each_way_a_run_can_end_early_has_its_exit_code_and_sentence(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Messages go to stderr; where going on is possible the command to do so is there."""

    def run(options: ProduceOptions) -> Published:
        raise error

    with pytest.raises(SystemExit) as ended:
        produce_or_exit(OPTIONS, run=run)
    assert ended.value.code == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_report_of_a_folder_without_a_run_exits_2(tmp_path: Path) -> None:
    """The message says which folder to give."""
    result = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert result.exit_code == 2
    assert "has no run.db, so it is not the folder of a run. Give the --out of a synthgen produce." in result.stderr


def test_report_prints_the_funnel_and_writes_the_page(tmp_path: Path) -> None:
    """The summary goes to stdout, the page into the folder."""
    run_small(tmp_path, 20)
    result = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "example_failed" in result.stdout
    assert str(tmp_path / "report.html") in result.stdout
    assert (tmp_path / "report.html").is_file()


def synthgen(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "synthgen.cli", *map(str, arguments)]


@pytest.mark.docker
def test_produce_verifies_in_sandboxes_and_prints_where_everything_lies(tmp_path: Path) -> None:
    """From recorded completions to a data set with the real verifier: the faulty ones are refused."""
    run_small(tmp_path / "source", 12)
    command = synthgen("produce", "--n", 10, "--replay", tmp_path / "source", "--out", tmp_path / "run", "--workers", 2)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "engine: replay (chosen by --engine auto)" in done.stderr
    assert f"accepted: {tmp_path}/run/accepted/*.parquet (10 rows)" in done.stdout
    assert (tmp_path / "run/report.html").is_file()
    rows = parquet.read_table(tmp_path / "run/rejected/rejected-00000.parquet").to_pylist()
    assert {row["reason"] for row in rows if row["fault"]} <= {"example_failed", "unparsable", "duplicate"}
    assert any(row["reason"] == "example_failed" for row in rows)


@pytest.mark.docker
def test_an_interrupt_exits_130_and_the_command_it_prints_goes_on(tmp_path: Path) -> None:
    """Ctrl-C in the middle, then the same command, equals an uninterrupted run."""
    run_small(tmp_path / "source", 120)
    arguments = ["produce", "--n", 90, "--replay", tmp_path / "source", "--level", "quick", "--workers", 2, "--out"]
    process = subprocess.Popen(
        synthgen(*arguments, tmp_path / "run"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    database = tmp_path / "run" / "run.db"
    while process.poll() is None and judged_in(database) < 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate()
    assert process.returncode == 130, complaints
    assert "interrupted; nothing that was judged is lost. Go on with:\n  synthgen produce --n 90" in complaints
    for out in ("run", "whole"):
        subprocess.run(synthgen(*arguments, tmp_path / out), cwd=ROOT, check=True, capture_output=True)
    assert shard_bytes(tmp_path / "run") == shard_bytes(tmp_path / "whole")


def judged_in(database: Path) -> int:
    """How many samples the verifier has judged so far, in a run at work."""
    try:
        with open_ledger(database, read_only=True) as ledger:
            return int(
                ledger.connection.execute("SELECT COUNT(*) FROM verdicts WHERE verdict IS NOT NULL").fetchone()[0]
            )
    except (LedgerRefused, sqlite3.OperationalError):
        return 0  # not made yet


class Detour:
    """A way to the Docker engine that a test can close: what stands behind it stays up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: list[socket.socket] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Refuse new connections and cut those there are."""
        self.path.unlink()
        for each in (self._server, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect("/var/run/docker.sock")
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def end_containers_of(pid: int) -> None:
    """What an engine that stops does to the containers of one process."""
    client = connect()
    for container in client.containers.list(filters={"label": OWNER_LABEL}, ignore_removed=True):
        if container.labels[OWNER_LABEL].startswith(f"{pid}:"):
            remove(client, container.id)


@pytest.mark.docker
def test_an_engine_that_stops_in_the_middle_exits_1_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """The Docker engine goes away while samples are judged: a sentence, and nothing judged before is judged again."""
    run_small(tmp_path / "source", 300)
    arguments = ["produce", "--n", 200, "--replay", tmp_path / "source", "--level", "quick", "--workers", 2]
    command = synthgen(*arguments, "--out", tmp_path / "run")
    detour = Detour(tmp_path / "docker.sock")
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, "DOCKER_HOST": f"unix://{detour.path}"}
    )
    while process.poll() is None and judged_in(tmp_path / "run" / "run.db") < 3:
        time.sleep(0.05)
    detour.close()
    end_containers_of(process.pid)
    _, complaints = process.communicate()
    assert process.returncode == 1, complaints
    assert "stopped: the Docker engine no longer answers" in complaints
    assert "Nothing that was judged is lost. Go on with:\n  synthgen produce --n 200" in complaints
    judged_before = judged_in(tmp_path / "run" / "run.db")
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with open_ledger(tmp_path / "run" / "run.db", read_only=True) as ledger:
        sessions = ledger.connection.execute("SELECT ended FROM sessions ORDER BY id").fetchall()
    assert sessions == [("stopped",), ("done",)]
    assert judged_in(tmp_path / "run" / "run.db") > judged_before


def test_an_engine_that_cannot_be_reached_exits_3_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing prerequisite is told from a run that failed."""
    run_small(tmp_path / "source", 3)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-such-socket")
    command = synthgen("produce", "--n", 3, "--replay", tmp_path / "source", "--out", tmp_path / "run")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "synthgen doctor" in done.stderr
