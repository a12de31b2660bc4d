"""The counts behind the plots and tables."""

from pathlib import Path

from synthgen.dataset.ledger import FILE_NAME, open_ledger
from synthgen.report.run import read_run
from synthgen.report.tallies import tally
from tests.synthgen.report.runs import completion, ordinary, write_run
from verifier.verdict import Assurance, Check, CheckResult, Status, Verdict


def test_every_sample_is_counted_once(tmp_path: Path) -> None:
    """Topics, difficulties and the stages of the funnel add up to the samples of the run."""
    directory = write_run(tmp_path / "run", (ordinary(index) for index in range(250)))
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        run = read_run(directory, ledger)
        counted = tally(ledger, below=run.below)
    assert sum(split.total for split in counted.topics.values()) == 250
    assert sum(split.total for split in counted.difficulties.values()) == 250
    assert sum(run.stages.values()) == run.rejected == sum(run.reasons.values())
    assert sum(counted.assurances.values()) == run.accepted
    assert list(run.stages) == ["novelty", "examples", "properties", "symbolic"]


def test_yield_of_the_last_step_is_the_yield_of_the_run(tmp_path: Path) -> None:
    """The running yield ends at accepted / judged, and the steps cover the whole range."""
    directory = write_run(tmp_path / "run", (ordinary(index) for index in range(250)))
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        run = read_run(directory, ledger)
        counted = tally(ledger, below=run.below)
    assert counted.running_yields[-1] == 100 * run.accepted / run.judged
    assert counted.step_starts[0] == 0
    assert counted.step_starts[-1] == 250
    assert len(counted.step_starts) == len(counted.step_yields) + 1


def test_faults_are_split_into_caught_accepted_and_untried(tmp_path: Path) -> None:
    """A fault that a duplicate check refused was never tried; the others were caught or accepted."""
    directory = write_run(tmp_path / "run", (ordinary(index) for index in range(500)))
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        counted = tally(ledger, below=500)
        planted = ledger.connection.execute("SELECT COUNT(*) FROM completions WHERE fault IS NOT NULL").fetchone()[0]
    assert sum(row.planted for row in counted.faults) == planted == 50
    assert all(row.planted == row.caught + row.accepted + row.untried for row in counted.faults)
    assert all(row.caught == sum(count for _, count in row.by_stage) for row in counted.faults)
    assert sum(row.untried for row in counted.faults) > 0
    assert len(counted.false_accepts) == sum(row.accepted for row in counted.faults) > 0
    assert counted.clean_refused == 0


def test_times_of_a_check_cover_the_samples_that_reached_it(tmp_path: Path) -> None:
    """A later check runs on fewer samples, shares add up to one and a median is no larger than the 95th percentile."""
    directory = write_run(tmp_path / "run", (ordinary(index) for index in range(250)))
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        rungs = tally(ledger, below=250).rung_times
    runs = [rung.runs for rung in rungs]
    assert runs == sorted(runs, reverse=True)
    assert abs(sum(rung.share for rung in rungs) - 1) < 1e-9
    assert all(rung.median_s <= rung.p95_s for rung in rungs)


def test_two_results_of_one_check_are_one_sample(tmp_path: Path) -> None:
    """Properties and contracts are results of one check: their times add up and their sample counts once."""
    results = tuple(CheckResult(check=Check.PROPERTIES, status=Status.PASSED, wall_s=wall_s) for wall_s in (0.25, 0.5))
    verdict = Verdict(task_id="compositional/0", accepted=True, assurance=Assurance.PROPERTY_TESTED, checks=results)
    directory = write_run(tmp_path / "run", [(completion(0), verdict)])
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        (rung,) = tally(ledger, below=1).rung_times
    assert (rung.check, rung.runs, rung.median_s, rung.p95_s, rung.total_s) == ("properties", 1, 0.75, 0.75, 0.75)
