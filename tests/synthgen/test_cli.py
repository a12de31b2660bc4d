"""The `synthgen` command: usage, exit codes, messages; without a sandbox unless marked."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sandbox.errors import EngineUnavailable
from synthgen.cli import main, produce_or_exit
from synthgen.dataset.folder import FolderInUse, FolderRefused
from synthgen.dataset.publish import Published
from synthgen.options import OptionRefused, ProduceOptions, checked_options
from synthgen.produce import RunInterrupted, RunStopped

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
    given = dict(workers=None, fault_rate=0.0, level="full", shard_rows=10, max_candidates=None, runtime=None)
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
        (RunStopped("the disk of run is full"), 1, "Nothing that was judged is lost. Go on with:\n  synthgen "),
        (FolderInUse("run is in use"), 1, "synthgen: run is in use"),
        (PermissionError(13, "Permission denied", "run/accepted"), 1, "Permission denied: 'run/accepted'"),
        (RunInterrupted(), 130, "interrupted; nothing that was judged is lost. Go on with:\n  synthgen "),
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
