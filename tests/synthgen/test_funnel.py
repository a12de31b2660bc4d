"""The figures of a run and how they print."""

import io
from pathlib import Path

from rich.console import Console

from synthgen.dataset.ledger import open_ledger
from synthgen.funnel import Funnel, funnel_of, render
from tests.synthgen.doubles import run_small


def figures(out: Path, *, below: int) -> Funnel:
    with open_ledger(out / "run.db", read_only=True) as ledger:
        return funnel_of(ledger, below=below)


def test_every_candidate_is_counted_once(tmp_path: Path) -> None:
    """Attempted is accepted plus all refusals, and each kind is among them."""
    funnel = run_small(tmp_path, 60).funnel
    assert funnel.attempted == funnel.accepted + sum(refusal.count for refusal in funnel.refusals)
    assert funnel.accepted == 60 == sum(count for _, count in funnel.assurances)
    assert funnel.attempted == funnel.unparsable + funnel.duplicate + funnel.judged
    assert {(refusal.stage, refusal.reason) for refusal in funnel.refusals} == {
        ("parse", "unparsable"),
        ("novelty", "duplicate"),
        ("examples", "example_failed"),
    }


def test_the_verifiers_errors_are_counted_over_what_it_judged(tmp_path: Path) -> None:
    """The double refuses every fault and one clean sample in thirteen."""
    faults = run_small(tmp_path, 60).funnel.faults
    assert faults is not None
    assert faults.planted > 0
    assert faults.planted_accepted == 0
    assert 0 < faults.clean_rejected < faults.clean / 5


def test_without_planted_faults_there_are_no_such_figures(tmp_path: Path) -> None:
    """No label, no error rate."""
    run_small(tmp_path, 60)
    assert figures(tmp_path, below=2).faults is None


def test_figures_stop_where_the_data_set_stops(tmp_path: Path) -> None:
    """Verdicts past the last accepted row are not counted."""
    published = run_small(tmp_path, 30)
    assert figures(tmp_path, below=published.below) == published.funnel
    assert published.funnel.attempted == published.below


def test_the_table_shows_every_reason_and_the_planted_faults(tmp_path: Path) -> None:
    """A reader of the terminal sees where the samples went."""
    funnel = run_small(tmp_path, 60).funnel
    stream = io.StringIO()
    render(funnel, Console(file=stream, width=100))
    printed = stream.getvalue()
    for word in ("attempted", "unparsable", "duplicate", "example_failed", "accepted", "property_tested", "tested"):
        assert word in printed
    assert "Planted faults: 0 of" in printed
