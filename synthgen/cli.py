"""The `synthgen` command: produce, report, doctor.

Results go to stdout, progress and complaints to stderr. Exit codes: 0 done; 1 fell short or failed, and the same command
goes on from there; 2 the command makes no sense as given (an option, or a folder that cannot be used); 3 a prerequisite is
missing; 130 interrupted. Nothing heavy is imported before a command runs, so `--help` answers at once.
"""

import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from synthgen.completion import Engine
    from synthgen.dataset.publish import Published
    from synthgen.options import ProduceOptions
    from synthgen.workers import Judge

FAILED, USAGE, MISSING, INTERRUPTED = 1, 2, 3, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="synthgen-lab", prog_name="synthgen")
def main() -> None:
    """Make Python programming problems with solutions that have been verified in a sandbox."""


@main.command()
@click.option("--n", type=int, required=True, help="How many accepted samples to make.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the data set. [default: runs/ENGINE-seedS]")
@click.option(
    "--engine",
    default="auto",
    show_default=True,
    help="What makes the candidates: compositional (composes typed programs, needs no model), replay (an earlier run's "
    "completions), or auto, which is compositional unless --replay is given.",
)
@click.option(
    "--replay", type=click.Path(path_type=Path), help="Folder of an earlier run, whose completions are judged anew."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed gives other samples.")
@click.option("--workers", type=int, help="Sandboxes at work at once; changes no row. [default: one per CPU]")
@click.option(
    "--fault-rate",
    type=float,
    default=0.0,
    show_default=True,
    help="Share of candidates with a planted, labelled fault.",
)
@click.option("--level", default="full", show_default=True, help="How much the verifier does: quick or full.")
@click.option("--shard-rows", type=int, default=10_000, show_default=True, help="Rows in each Parquet file.")
@click.option("--max-candidates", type=int, help="Give up after this many candidates. [default: 1000 + 10 N]")
@click.option("--runtime", help="OCI runtime of the sandboxes, for example runsc. [default: the engine's own]")
def produce(n: int, **given: Any) -> None:
    """Generate and verify until N samples are accepted; write them, the rejected ones and a report.

    The same command again goes on where a run ended, however it ended. A larger N keeps every row and adds to them; an
    option that would change the rows is refused. A smaller N writes the data set of what there is already.
    """
    from synthgen.options import OptionRefused, checked_options

    try:
        options = checked_options(n=n, **given)
    except OptionRefused as refusal:
        _fail(str(refusal), code=USAGE)
    if given["engine"] == "auto":
        _say(f"engine: {options.engine} (chosen by --engine auto)")
    published = produce_or_exit(options, run=_produce)
    _print_result(published)
    if published.funnel.accepted < options.n:
        _fail(
            f"fell short: {published.funnel.accepted} of {options.n} accepted after "
            f"{published.funnel.attempted} candidates. "
            f"What there is has been written. {_shortfall_hint(options)}",
            code=FAILED,
        )


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
def report(directory: Path) -> None:
    """Print the funnel of a run and write DIRECTORY/report.html, with every rejected sample explained."""
    from rich.console import Console

    from synthgen.dataset.ledger import FILE_NAME, LedgerRefused
    from synthgen.report.page import write_report
    from synthgen.report.summary import print_summary

    if not (directory / FILE_NAME).is_file():
        _fail(
            f"{directory} has no {FILE_NAME}, so it is not the folder of a run. Give the --out of a synthgen produce.",
            code=USAGE,
        )
    try:
        print_summary(directory, Console())
        path = write_report(directory)
    except LedgerRefused as refusal:
        _fail(str(refusal), code=USAGE)
    except OSError as error:
        _fail(f"the report of {directory} could not be written: {error}.", code=FAILED)
    click.echo(f"report: {path}")


@main.command()
@click.option("--json", "for_machines", is_flag=True, help="Print the findings as JSON.")
def doctor(*, for_machines: bool) -> None:
    """Show each prerequisite as found or missing, with the command that mends it."""
    from rich.console import Console

    from synthgen.doctor import as_json, diagnose, exit_code, render

    findings = diagnose()
    if for_machines:
        click.echo(as_json(findings))
    else:
        render(findings, Console())
    sys.exit(exit_code(findings))


def produce_or_exit(options: "ProduceOptions", *, run: "Callable[[ProduceOptions], Published]") -> "Published":
    """Do the run, and give each way it can end early its sentence and exit code."""
    from sandbox.errors import EngineUnavailable, ImageBuildFailed, SandboxError
    from synthgen.dataset.folder import FolderInUse, FolderRefused
    from synthgen.dataset.ledger import LedgerRefused
    from synthgen.engines.replay import ReplayRefused
    from synthgen.options import OptionRefused
    from synthgen.produce import RunInterrupted, RunStopped

    try:
        return run(options)
    except (OptionRefused, FolderRefused, LedgerRefused, ReplayRefused) as refusal:
        _fail(str(refusal), code=USAGE)
    except (EngineUnavailable, ImageBuildFailed) as missing:
        _fail(f"{missing}\n`synthgen doctor` shows what is missing and the command that mends it.", code=MISSING)
    except RunInterrupted:
        _fail(f"interrupted; nothing that was judged is lost. Go on with:\n  {_same_command()}", code=INTERRUPTED)
    except KeyboardInterrupt:
        _fail(
            f"interrupted at once; nothing that was judged is lost. Go on with:\n  {_same_command()}", code=INTERRUPTED
        )
    except FolderInUse as busy:
        _fail(str(busy), code=FAILED)
    except (RunStopped, SandboxError, OSError) as stopped:
        _fail(
            f"stopped: {str(stopped).rstrip('.')}. Nothing that was judged is lost. Go on with:\n  {_same_command()}",
            code=FAILED,
        )


def _produce(options: "ProduceOptions") -> "Published":
    import warnings
    from dataclasses import replace

    from synthgen.display import show_progress
    from synthgen.options import identity
    from synthgen.produce import produce
    from verifier.verify import VERIFIER_VERSION

    # sources under judgement are parsed on the host; their bad escapes are theirs, not news for the terminal
    warnings.simplefilter("ignore", SyntaxWarning)
    with ExitStack() as stack:
        engine, count = _open_engine(options, stack)
        bounded = options if count is None else replace(options, max_candidates=min(count, options.max_candidates))
        stop = stack.enter_context(_stopped_by_signals())
        observe = stack.enter_context(show_progress())
        return produce(
            bounded,
            engine=engine,
            open_judge=lambda: _sandboxed_judge(options),
            identity=identity(options, engine=engine, verifier_version=VERIFIER_VERSION),
            facts=_facts,
            observe=observe,
            stop=stop,
        )


def _open_engine(options: "ProduceOptions", stack: ExitStack) -> tuple["Engine", int | None]:
    """The engine, and how many completions it has where that is bounded."""
    if options.replay is not None:
        from synthgen.engines.replay import open_replay

        replay = stack.enter_context(open_replay(options.replay))
        return replay, replay.count
    from synthgen.engines.compositional import Compositional

    return Compositional(seed=options.seed, fault_rate=options.fault_rate), None


@contextmanager
def _sandboxed_judge(options: "ProduceOptions") -> "Iterator[Judge]":
    """The verifier over a pool of sandboxes; the pool goes when the block ends."""
    from sandbox.pool import Pool
    from verifier.verify import VerifyOptions, verify

    verify_options = VerifyOptions(level=options.level, seed=options.seed)
    with Pool(workers=options.workers, runtime=options.runtime) as pool:
        yield lambda sample: verify(sample, pool=pool, options=verify_options)


def _facts() -> Mapping[str, object]:
    from sandbox.image import image_tag

    return {"sandbox_image": image_tag()}


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second interrupts at once."""
    stop = threading.Event()

    def handle(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        _say("stopping: finishing what is being judged; press Ctrl-C again to leave at once")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_result(published: "Published") -> None:
    """The funnel and where everything lies, on stdout; a report that cannot be made does not undo the data set."""
    from rich.console import Console

    from synthgen.funnel import render
    from synthgen.report.page import write_report

    directory = published.directory
    render(published.funnel, Console())
    for kind in ("accepted", "rejected"):
        rows = sum(shard.rows for shard in published.shards if shard.path.startswith(kind))
        click.echo(f"{kind}: {directory / kind}/*.parquet ({rows:,} rows)")
    click.echo(f"card: {directory / 'README.md'}")
    click.echo(f"manifest: {directory / 'manifest.json'}")
    try:
        path = write_report(directory)
    except OSError as error:
        _fail(
            f"the data set is complete, but its report could not be written: {error}. Try: synthgen report {directory}",
            code=FAILED,
        )
    except KeyboardInterrupt:
        _fail(
            f"interrupted; the data set is complete, its report is not. Try: synthgen report {directory}",
            code=INTERRUPTED,
        )
    click.echo(f"report: {path}")


def _shortfall_hint(options: "ProduceOptions") -> str:
    if options.replay is not None:
        return "The recording has no more, unless --max-candidates cut it off."
    return "Look at the reasons above, or raise --max-candidates."


def _same_command() -> str:
    return shlex.join(["synthgen", *sys.argv[1:]])


def _say(text: str) -> None:
    click.echo(text, err=True)


def _fail(text: str, *, code: int) -> NoReturn:
    _say(f"synthgen: {text}")
    sys.exit(code)


if __name__ == "__main__":
    main()
