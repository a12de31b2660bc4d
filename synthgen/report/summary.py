"""The report on a terminal: the funnel, an exemplar of each frequent reason, and where the files are."""

from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from synthgen.dataset.ledger import FILE_NAME as LEDGER_NAME
from synthgen.dataset.ledger import Ledger, open_ledger
from synthgen.dataset.manifest import FILE_NAME as MANIFEST_NAME
from synthgen.funnel import render
from synthgen.report.run import Run, read_run
from synthgen.report.visible import shortened

TOP_REASONS = 8
# characters of evidence on a line, and what the lines between four columns take
_LEAST_EVIDENCE, _MOST_EVIDENCE, _BORDERS = 25, 110, 9


def print_summary(directory: Path, console: Console) -> None:
    """Print the figures of the run in `directory`. What samples say is printed as text, never as terminal commands."""
    with open_ledger(directory / LEDGER_NAME, read_only=True) as ledger:
        run = read_run(directory, ledger)
        for warning in run.warnings:
            console.print(Text(warning, style="yellow"))
        render(run.funnel, console)
        if run.reasons:
            console.print()
            console.print(_reasons(run, ledger, width=console.width))
    if (directory / MANIFEST_NAME).exists():
        console.print()
        console.print(_paths(run), soft_wrap=True)


def _reasons(run: Run, ledger: Ledger, *, width: int) -> Table:
    table = Table(
        title="Most frequent reasons, each with one sample", title_justify="left", show_edge=False, pad_edge=False
    )
    rows = [(reason, count, *_exemplar(ledger, reason, below=run.below)) for reason, count in _most_frequent(run)]
    # on a narrow terminal the evidence is cut, not the names
    taken = max(len(row[0]) for row in rows) + len("samples") + max(cell_len(row[2]) for row in rows) + _BORDERS
    room = min(max(width - taken, _LEAST_EVIDENCE), _MOST_EVIDENCE)
    for column in ("reason", "samples", "for example", "counterexample or detail"):
        table.add_column(column, justify="right" if column == "samples" else "left", no_wrap=True)
    for reason, count, task_id, evidence in rows:
        table.add_row(Text(reason, style="red"), f"{count:,}", Text(task_id), Text(shortened(evidence, width=room)))
    return table


def _most_frequent(run: Run) -> list[tuple[str, int]]:
    return list(run.reasons.items())[:TOP_REASONS]


def _exemplar(ledger: Ledger, reason: str, *, below: int) -> tuple[str, str]:
    """The first sample that the reason refused: its task_id and its counterexample, or the detail where there is none."""
    query = (
        "SELECT c.task_id, coalesce(v.counterexample, v.detail) FROM verdicts v JOIN completions c ON c.idx = v.idx "
        "WHERE v.accepted = 0 AND v.reason = ? AND v.idx < ? ORDER BY v.counterexample IS NULL, v.idx LIMIT 1"
    )
    task_id, evidence = ledger.connection.execute(query, (reason, below)).fetchone()
    return shortened(task_id, width=40), shortened(evidence, width=_MOST_EVIDENCE)


def _paths(run: Run) -> Text:
    counts = {"accepted": run.accepted, "rejected": run.rejected}
    return Text(
        "\n".join(f"{kind}: {run.directory / kind}/*.parquet ({count:,} rows)" for kind, count in counts.items())
    )
