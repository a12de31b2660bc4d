"""Write `report.html`: one page that holds everything it shows, opens from disk and fetches nothing.

Whatever a sample holds is data here. It travels packed (base64), and the page's script, the only one that its policy lets
run, puts it on screen as text.
"""

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup

from synthgen.dataset.ledger import FILE_NAME as LEDGER_NAME
from synthgen.dataset.ledger import Ledger, open_ledger
from synthgen.report.payload import packed
from synthgen.report.plots import plots
from synthgen.report.records import MAX_REJECTS, Chosen, choose, chosen_records
from synthgen.report.run import Run, read_run
from synthgen.report.tallies import Tally, tally
from synthgen.report.visible import visible

FILE_NAME = "report.html"
_SCRIPTS = ("text.js", "browser.js", "detail.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tile:
    figure: str
    name: str
    tone: str = ""


def write_report(directory: Path, *, max_rejects: int = MAX_REJECTS) -> Path:
    """Write the page of the run in `directory` and give its path. A reader never sees half a page."""
    with open_ledger(directory / LEDGER_NAME, read_only=True) as ledger:
        run = read_run(directory, ledger)
        chosen = choose(ledger, below=run.below, max_rejects=max_rejects)
        return _write(directory / FILE_NAME, _page(ledger, run=run, chosen=chosen))


def _write(path: Path, pieces: Iterator[str]) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    partial = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    return path


def _page(ledger: Ledger, *, run: Run, chosen: Chosen) -> Iterator[str]:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("synthgen.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.filters["seconds"] = duration
    script = "\n".join(_asset(name) for name in _SCRIPTS)
    counted = tally(ledger, below=run.below)
    yield from environment.get_template("report.html.j2").generate(
        name=run.directory.absolute().name,
        script=Markup(script),
        script_hash=_content_hash(script),
        style=Markup(_asset("report.css")),
        lead=_lead(run),
        origin=_origin(run),
        tiles=_tiles(run),
        warnings=run.warnings,
        tally=counted,
        plots=plots(run, counted),
        fault_lead=_fault_lead(counted),
        fault_lists=_fault_lists(counted),
        left_out=_left_out(run, chosen),
        missing_hint=f"It may be among the samples that this page leaves out; {run.directory / LEDGER_NAME} holds them all.",
        fact_groups=_fact_groups(run),
        load_command=_load_command(run),
        read_command=_read_command(run),
        payload=packed(chosen_records(ledger, chosen)),
    )


def _asset(name: str) -> str:
    text = resources.files("synthgen.report").joinpath("templates", name).read_text(encoding="utf-8")
    if "</s" in text:
        raise ValueError(f"{name} holds '</s', which would end its element in the page; write it as '<\\/s'")
    return text


def _content_hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def duration(seconds: float) -> str:
    """A length of time for a reader: 0.8 ms, 12 ms, 3.4 s, 5 min 06 s, 2 h 03 min."""
    if seconds < 0.01:
        return f"{1000 * seconds:.1f} ms"
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _lead(run: Run) -> str:
    if not run.judged:
        return "No sample has been judged yet."
    main = f"{run.accepted:,} of {run.judged:,} samples were accepted and {run.rejected:,} refused."
    if not run.reasons:
        return main
    reason, count = next(iter(run.reasons.items()))
    return f"{main} The most frequent reason, {reason}, refused {count:,} of them ({100 * count / run.rejected:.0f} %)."


def _tiles(run: Run) -> list[_Tile]:
    return [
        _Tile(figure=f"{run.accepted:,}", name="accepted", tone="good"),
        _Tile(figure=f"{run.rejected:,}", name="refused", tone="bad"),
        _Tile(figure=f"{run.judged:,}", name="attempted"),
        _Tile(figure=f"{100 * run.accepted / run.judged:.1f} %" if run.judged else "–", name="yield"),
        _Tile(figure=duration(run.wall_s), name="wall time"),
        _Tile(figure=f"{run.judged / run.wall_s:.1f}" if run.wall_s else "–", name="samples a second"),
    ]


def _origin(run: Run) -> str:
    """Where the samples come from, in a line; what the manifest does not say is left out."""
    names = {
        "engine": "engine",
        "model": "model",
        "options: seed": "seed",
        "options: fault_rate": "fault rate",
        "versions: synthgen": "synthgen",
        "versions: python": "Python",
        "verifier": "verifier",
        "finished": "finished",
    }
    return " · ".join(f"{name} {run.fact(key)}" for key, name in names.items() if run.fact(key) != "–")


def _fact_groups(run: Run) -> dict[str, list[tuple[str, str]]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for key, value in run.facts:
        group, colon, name = key.rpartition(": ")
        groups.setdefault(group if colon else "origin", []).append((name, value))
    return groups


def _fault_lead(counted: Tally) -> str:
    planted = sum(row.planted for row in counted.faults)
    caught = sum(row.caught for row in counted.faults)
    accepted = sum(row.accepted for row in counted.faults)
    tried = caught + accepted
    missed = f"{100 * accepted / tried:.2f} %" if tried else "no share"
    wrongly = f"{100 * counted.clean_refused / counted.clean:.2f} %" if counted.clean else "no share"
    return (
        f"{planted:,} faults were planted on purpose; {tried:,} of them reached the verifier. It refused {caught:,} and accepted "
        f"{accepted:,} ({missed}). Of {counted.clean:,} clean samples it refused {counted.clean_refused:,} ({wrongly}). "
        "An accepted fault is the verifier's error only where the fault changes what the program does on some input."
    )


def _fault_lists(counted: Tally) -> list[Mapping[str, object]]:
    accepted = sum(row.accepted for row in counted.faults)
    lists = (
        ("False accepts", "planted faults that were accepted", accepted, counted.false_accepts),
        ("False rejects", "clean samples that the verifier refused", counted.clean_refused, counted.false_rejects),
    )
    return [
        {
            "title": f"{title}: {count:,}",
            "caption": f"The first {len(task_ids)} of {count:,} {what}." if count > len(task_ids) else f"All {what}.",
            "task_ids": task_ids,
        }
        for title, what, count, task_ids in lists
        if count
    ]


def _left_out(run: Run, chosen: Chosen) -> Mapping[str, str] | None:
    if not chosen.left_out:
        return None
    missing = sum(chosen.left_out.values())
    by_reason = ", ".join(f"{reason} {count:,}" for reason, count in sorted(chosen.left_out.items()))
    sentence = (
        f"{missing:,} of {run.rejected:,} refused samples are too many for one page and are left out ({by_reason}); "
        "those shown are spread evenly over the run, a fair share of each reason."
    )
    reason = max(chosen.left_out, key=lambda name: chosen.left_out[name])
    filtered = f"load_dataset('parquet', data_files={str(run.directory / 'rejected' / '*.parquet')!r}, split='train')"
    command = f"from datasets import load_dataset; print({filtered}.filter(lambda row: row['reason'] == {reason!r})[0])"
    return {"sentence": sentence, "command": f'python -c "{command}"'}


def _load_command(run: Run) -> str:
    files = str(run.directory / "rejected" / "*.parquet")
    return f"from datasets import load_dataset\nrejected = load_dataset('parquet', data_files={files!r}, split='train')"


def _read_command(run: Run) -> str:
    return (
        "import sqlite3\n"
        f"run = sqlite3.connect({str(run.directory / LEDGER_NAME)!r})\n"
        "print(run.execute('SELECT text FROM completions WHERE task_id = ?', ('TASK_ID',)).fetchone()[0])"
    )
