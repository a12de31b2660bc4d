"""The report on a terminal."""

import io
from pathlib import Path

from rich.console import Console

from synthgen.completion import Rejection
from synthgen.report.summary import print_summary
from tests.synthgen.report.runs import completion, ordinary, refuted, write_run
from verifier.verdict import Check, Reason


def _printed(directory: Path, *, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    print_summary(directory, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_summary_shows_funnel_reasons_exemplars_and_paths(tmp_path: Path) -> None:
    """A reason stands beside its count, one task_id and that sample's counterexample; the shards' paths come last."""
    directory = write_run(tmp_path / "run", (ordinary(index) for index in range(200)))
    text = _printed(directory)
    line = next(line for line in text.splitlines() if line.startswith("symbolic_refuted"))
    assert "compositional/13" in line
    assert "window_sums_13(xs=[0], step=1)" in line
    assert "attempted" in text
    assert f"rejected: {directory}/rejected/*.parquet" in text


def test_hostile_text_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Escape sequences, markup and direction marks of a sample are printed as text."""
    call = "f('\x1b]0;owned\x07', '[red]x[/red]', '\u202e')\nsecond line"
    entry = completion(0), refuted(0, check=Check.EXAMPLES, reason=Reason.EXAMPLE_FAILED, counterexample=call)
    text = _printed(write_run(tmp_path / "run", [entry]))
    assert not set("\x1b\x07\u202e") & set(text)
    assert "⟨U+001B⟩]0;owned⟨U+0007⟩" in text
    assert "[red]x[/red]" in text
    assert "⟨U+202E⟩') second line" in text


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    """Without a manifest the summary covers what is judged, says that the run is not finished and names no shards."""
    directory = write_run(tmp_path / "run", (ordinary(index) for index in range(20)), finished=False)
    text = _printed(directory)
    assert "There is no manifest.json: the run is not finished." in text
    assert ".parquet" not in text


def test_a_reject_without_counterexample_shows_its_detail(tmp_path: Path) -> None:
    """Where no call fails, the detail stands in the counterexample's place, cut to one line."""
    rejection = Rejection(stage="parse", reason=Reason.UNPARSABLE, detail="the text is not JSON: " + "z" * 500)
    line = next(
        line
        for line in _printed(write_run(tmp_path / "run", [(completion(0, text="?"), rejection)])).splitlines()
        if line.startswith("unparsable") and "compositional/0" in line
    )
    assert "the text is not JSON: zzz" in line
    assert line.rstrip().endswith("…")


def test_an_empty_run_is_reported(tmp_path: Path) -> None:
    """A run without a verdict has a summary all the same."""
    assert "attempted" in _printed(write_run(tmp_path / "run", []))


def test_a_narrow_terminal_keeps_reasons_and_names_whole(tmp_path: Path) -> None:
    """At 80 columns the evidence is cut, never the reason or the task_id."""
    detail = "the solution is that of compositional/0 but for names and constants " * 3
    entry = completion(0), Rejection(stage="novelty", reason=Reason.DUPLICATE, detail=detail)
    text = _printed(write_run(tmp_path / "run", [entry]), width=80)
    line = next(line for line in text.splitlines() if "the solution is that" in line)
    assert line.startswith("duplicate ")
    assert " 1 " in line
    assert line.rstrip().endswith("…")
    assert " compositional/0 " in line
