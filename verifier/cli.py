"""The command `verifier`: judge the samples of a file, one verdict a row.

Exit codes: 0 every row was judged (rejections are results), 1 the run failed or rows remain unjudged, 2 usage,
3 no Docker engine answers, 130 interrupted.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

# What judges is imported by the command that needs it, so that `--help` answers at once.
if TYPE_CHECKING:
    from verifier.verdict import Verdict
    from verifier.verify import VerifyOptions

HEARTBEAT_S = 10.0
FORMAT_NAMES = ("auto", "native", "humaneval", "mbpp", "kodcode", "stdio")
FORMATS_READ = ("auto", "native", "humaneval")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Decide whether programs are right, by running them in sandboxes, and say how we know."""


@main.command()
@click.argument("source", metavar="INPUT.jsonl", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Verdicts, one JSON object a row.",
)
@click.option(
    "--format",
    "row_format",
    type=click.Choice(FORMAT_NAMES),
    default="auto",
    show_default=True,
    help="What a row looks like; auto looks at its keys.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: os.cpu_count() or 2,
    show_default="one per CPU",
    help="Sandboxes at work at once.",
)
@click.option(
    "--level",
    type=click.Choice(["quick", "full"]),
    default="full",
    show_default=True,
    help="quick: static, examples and determinism only.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Picks the generated inputs.")
@click.option("--runtime", default=None, metavar="NAME", help="The Docker runtime to use, such as runsc.")
def check(source: Path, out: Path, row_format: str, workers: int, level: str, seed: int, runtime: str | None) -> None:
    """Judge every row of INPUT.jsonl (or .jsonl.gz) and write one verdict per row, in the same order.

    Verdicts gather in FILE.partial, which becomes FILE once every row has its verdict.
    """
    if row_format not in FORMATS_READ:
        raise click.UsageError(
            f"--format {row_format} is not in this version; it reads {', '.join(FORMATS_READ)}. "
            "Convert the rows to the native format: see docs/verifier.md."
        )
    from verifier.verify import VerifyOptions

    options = VerifyOptions(level="quick" if level == "quick" else "full", seed=seed)
    sys.exit(run_check(source, out=out, row_format=row_format, workers=workers, options=options, runtime=runtime))


def run_check(
    source: Path, *, out: Path, row_format: str, workers: int, options: "VerifyOptions", runtime: str | None
) -> int:
    """Judge the file, write the verdicts, print the summary; the exit code."""
    from sandbox.errors import EngineUnavailable, SandboxError
    from sandbox.pool import Pool
    from verifier.batch import verify_rows
    from verifier.formats.rows import read_rows

    partial = out.with_name(out.name + ".partial")
    tally: Counter[str] = Counter()
    try:
        rows = _require_a_row(read_rows(source, row_format))
        with partial.open("w", encoding="utf-8") as sink:
            with Pool(workers=workers, runtime=runtime) as pool, _show_progress(tally) as tick:
                verdicts = verify_rows(rows, pool=pool, options=options, workers=workers)
                with closing(verdicts):
                    for verdict in verdicts:
                        sink.write(verdict.model_dump_json() + "\n")
                        tally[_label(verdict)] += 1
                        tick()
            sink.flush()
            os.fsync(sink.fileno())
        partial.replace(out)
    except _NoRows:
        return _fail(f"{source} holds no rows: nothing was judged and {out} was not written.", code=1)
    except EngineUnavailable as error:
        return _fail(f"{error}{_describe_kept(partial, tally)}", code=3)
    except SandboxError as error:
        return _fail(f"The sandbox failed: {error}{_describe_kept(partial, tally)}", code=1)
    except OSError as error:
        return _fail(f"{_describe_os_error(error, source=source, out=out)}{_describe_kept(partial, tally)}", code=1)
    except KeyboardInterrupt:
        return _fail(f"Interrupted.{_describe_kept(partial, tally)} Run the same command to start over.", code=130)
    click.echo(summarise(tally))
    unjudged = tally["sandbox_failed"]
    if unjudged:
        return _fail(
            f"{unjudged} rows remain unjudged because the sandbox failed on them: run the same command again.", code=1
        )
    return 0


def summarise(tally: "Counter[str]") -> str:
    """The counts that stdout carries: accepted by assurance, rejected by reason."""
    accepted = {label: count for label, count in tally.items() if label.startswith("accepted ")}
    rejected = {label: count for label, count in tally.items() if label not in accepted}
    total = sum(tally.values())
    lines = [f"accepted  {sum(accepted.values()):>7} of {total}"]
    lines += [f"  {label.removeprefix('accepted '):<24} {count:>7}" for label, count in sorted(accepted.items())]
    lines.append(f"rejected  {sum(rejected.values()):>7} of {total}")
    lines += [
        f"  {label:<24} {count:>7}" for label, count in sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    ]
    return "\n".join(lines)


class _NoRows(Exception):
    """The input holds not one row."""


def _require_a_row(rows: Iterator[Any]) -> Iterator[Any]:
    """The same rows; the first is read at once, so that an empty or unreadable input is known before a sandbox starts."""
    first = next(rows, None)
    if first is None:
        raise _NoRows

    def all_rows() -> Iterator[Any]:
        yield first
        yield from rows

    return all_rows()


def _label(verdict: "Verdict") -> str:
    if verdict.accepted and verdict.assurance is not None:
        return f"accepted {verdict.assurance.value}"
    return verdict.reason.value if verdict.reason is not None else "rejected"


def _describe_os_error(error: OSError, *, source: Path, out: Path) -> str:
    what = error.strerror or str(error)
    if error.filename is not None and Path(str(error.filename)) == source:
        return f"{source} cannot be read: {what}."
    if error.filename is None and error.errno is None:
        return f"{source} cannot be read further: {what}."
    return f"{out} cannot be written: {what}. Give --out a path in a folder that exists, is writable and has space."


def _describe_kept(partial: Path, tally: "Counter[str]") -> str:
    """How many verdicts are whole in the file: on a full disk fewer than were reached."""
    judged = sum(tally.values())
    if not judged:
        return ""
    kept = partial.read_bytes().count(b"\n")
    return f" The {kept} verdicts so far are in {partial}."


def _fail(sentence: str, *, code: int) -> int:
    click.echo(sentence, err=True)
    return code


@contextmanager
def _show_progress(tally: "Counter[str]") -> Iterator[Any]:
    """Progress on stderr: a live line on a terminal, else a line now and then. Yields what to call after each row."""
    started = time.monotonic()

    def describe() -> str:
        judged = sum(tally.values())
        accepted = sum(count for label, count in tally.items() if label.startswith("accepted "))
        rate = judged / max(time.monotonic() - started, 1e-3)
        return f"{judged} judged, {accepted} accepted, {rate:.1f} rows/s"

    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("starting") as status:
            yield lambda: status.update(describe())
        return
    last_line = started

    def beat() -> None:
        nonlocal last_line
        now = time.monotonic()
        if now - last_line >= HEARTBEAT_S:
            last_line = now
            click.echo(describe(), err=True)

    yield beat
