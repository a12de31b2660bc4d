"""How often the verifier is wrong: planted faults that it accepts, clean samples that it rejects.

    python bench/fault_rates.py --n 2000 --fault-rate 0.3 --seed 0

Each sample comes from the compositional engine and is judged in a real pool. A planted fault departs from the clean
program on at least one input that the engine tried, so none of them is equivalent by construction. Duplicates are judged
like any other sample: the rates are per verdict. With --resume FILE every verdict is appended to FILE as it comes, and the
same command goes on from there.
"""

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sandbox.pool import Pool  # noqa: E402 - the path comes first, so that a bare checkout works
from synthgen.completion import Rejection  # noqa: E402
from synthgen.engines.compositional import Compositional  # noqa: E402
from synthgen.parse import parse, task_id_of  # noqa: E402
from verifier.verdict import Status  # noqa: E402
from verifier.verify import VERIFIER_VERSION, VerifyOptions, verify  # noqa: E402

Z_95 = 1.959964
MAX_FALSE_ACCEPTS = 0.01
MAX_FALSE_REJECTS = 0.005
PROGRESS_EVERY_S = 10.0
NAMES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One sample's label and what the verifier made of it. rung is the check that refuted it."""

    index: int
    task_id: str
    fault: str | None
    accepted: bool
    unjudged: bool
    reason: str | None
    rung: str | None
    counterexample: str | None


@click.command()
@click.option("--n", default=2_000, show_default=True, type=click.IntRange(1), help="How many samples to judge.")
@click.option(
    "--fault-rate", default=0.3, show_default=True, type=click.FloatRange(0, 1), help="Share with a planted fault."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The run seed.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Sandboxes at work at once.")
@click.option(
    "--level", default="full", show_default=True, type=click.Choice(["quick", "full"]), help="Rungs to climb."
)
@click.option(
    "--symbolic-paths", default=30, show_default=True, type=click.IntRange(1), help="Most paths of a symbolic run."
)
@click.option(
    "--resume", type=click.Path(dir_okay=False, path_type=Path), help="Keep verdicts here and go on from them."
)
def main(
    n: int, fault_rate: float, seed: int, workers: int, level: str, symbolic_paths: int, resume: Path | None
) -> None:
    """Print false accepts and false rejects with their 95 % intervals; exit 1 where a rate is over its bound."""
    settings = {
        "fault_rate": fault_rate, "seed": seed, "level": level, "symbolic_paths": symbolic_paths,
        "verifier": VERIFIER_VERSION, "engine": Compositional.version,
    }  # fmt: skip
    known = read_verdicts(resume, settings) if resume else {}
    missing = [index for index in range(n) if index not in known]
    engine = Compositional(seed=seed, fault_rate=fault_rate)
    options = VerifyOptions(level="quick" if level == "quick" else "full", seed=seed, symbolic_max_paths=symbolic_paths)
    if missing:
        with Pool(workers) as pool, ThreadPoolExecutor(workers) as executor:
            results = executor.map(lambda index: judge(index, engine=engine, pool=pool, options=options), missing)
            for judged in reported(results, total=n, done=n - len(missing)):
                known[judged.index] = judged
                if resume and not judged.unjudged:
                    append(resume, judged)
    click.echo(f"{n} samples at seed {seed}, fault rate {fault_rate}, level {level}, verifier {VERIFIER_VERSION}")
    sys.exit(0 if print_rates([known[index] for index in range(n)]) else 1)


def judge(index: int, *, engine: Compositional, pool: Pool, options: VerifyOptions) -> Judged:
    """The sample of this index, judged."""
    completion = engine.complete(index)
    sample = parse(completion)
    if isinstance(sample, Rejection):
        return Judged(
            index=index, task_id=task_id_of(completion), fault=completion.fault, accepted=False, unjudged=False,
            reason=sample.reason.value, rung=sample.stage, counterexample=None,
        )  # fmt: skip
    verdict = verify(sample, pool=pool, options=options)
    refuted = next((check for check in verdict.checks if check.status is Status.REFUTED), None)
    return Judged(
        index=index,
        task_id=verdict.task_id,
        fault=completion.fault,
        accepted=verdict.accepted,
        unjudged=verdict.unjudged,
        reason=verdict.reason.value if verdict.reason else None,
        rung=refuted.check.value if refuted else None,
        counterexample=refuted.counterexample if refuted else None,
    )


def reported(results: Iterator[Judged], *, total: int, done: int) -> Iterator[Judged]:
    """The same results; a line on stderr now and then says how far they are."""
    started = last = time.monotonic()
    for number, judged in enumerate(results, start=1):
        yield judged
        now = time.monotonic()
        if now - last >= PROGRESS_EVERY_S:
            last = now
            click.echo(f"{done + number} of {total}, {number / (now - started):.1f}/s", err=True)


def read_verdicts(path: Path, settings: dict[str, object]) -> dict[int, Judged]:
    """Verdicts of an earlier run of the same settings, by index; a last line that was cut off is judged again."""
    if not path.exists():
        path.write_text(json.dumps(settings) + "\n")
        return {}
    first, *rows = path.read_text().splitlines(keepends=True)
    if json.loads(first) != settings:
        raise click.UsageError(f"{path} holds verdicts of other settings: {first.strip()}; give another --resume file.")
    whole = [row for row in rows if row.endswith("\n")]
    path.write_text("".join([first, *whole]))
    return {judged.index: judged for judged in (Judged(**json.loads(row)) for row in whole)}


def append(path: Path, judged: Judged) -> None:
    """One more verdict on the file."""
    with path.open("a") as stream:
        stream.write(json.dumps(asdict(judged)) + "\n")


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, 1927); (0, 1) where nothing was tried."""
    if not trials:
        return 0.0, 1.0
    share, z_squared = successes / trials, Z_95**2
    middle = share + z_squared / (2 * trials)
    spread = Z_95 * math.sqrt(share * (1 - share) / trials + z_squared / (4 * trials**2))
    scale = 1 + z_squared / trials
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def print_rates(judged: list[Judged]) -> bool:
    """Print every figure; whether both rates are within their bounds and everything was judged."""
    unjudged = [one for one in judged if one.unjudged]
    planted = [one for one in judged if one.fault is not None and not one.unjudged]
    clean = [one for one in judged if one.fault is None and not one.unjudged]
    false_accepts = [one for one in planted if one.accepted]
    false_rejects = [one for one in clean if not one.accepted]
    print_rate("planted faults", "false accepts", len(false_accepts), len(planted), bound=MAX_FALSE_ACCEPTS)
    print_rate("clean samples", "false rejects", len(false_rejects), len(clean), bound=MAX_FALSE_REJECTS)
    click.echo(f"unjudged        {len(unjudged)}")
    print_labels(planted)
    print_counts("caught by rung", Counter(one.rung or "none" for one in planted if not one.accepted))
    print_counts("caught for reason", Counter(one.reason or "none" for one in planted if not one.accepted))
    print_names("false accepts", [f"{one.task_id} ({one.fault})" for one in false_accepts])
    print_names(
        "false rejects", [f"{one.task_id} ({one.rung}: {one.reason}; {one.counterexample})" for one in false_rejects]
    )
    print_names("unjudged", [one.task_id for one in unjudged])
    return (
        len(false_accepts) <= MAX_FALSE_ACCEPTS * len(planted)
        and len(false_rejects) <= MAX_FALSE_REJECTS * len(clean)
        and not unjudged
    )


def print_rate(population: str, what: str, count: int, total: int, *, bound: float) -> None:
    """One share with its interval and bound."""
    low, high = wilson(count, total)
    share = count / total if total else 0.0
    click.echo(
        f"{population:<15} {total:>6}   {what} {count:>4} = {share:.2%} (95 %: {low:.2%} to {high:.2%}; bound {bound:.1%})"
    )


def print_labels(planted: list[Judged]) -> None:
    """Faults by label: planted, caught, and by which rungs."""
    if not planted:
        return
    click.echo("\n| fault | planted | accepted | caught by |\n| --- | --- | --- | --- |")
    for label, count in Counter(one.fault for one in planted).most_common():
        own = [one for one in planted if one.fault == label]
        rungs = Counter(one.rung or "none" for one in own if not one.accepted)
        caught = ", ".join(f"{rung} {number}" for rung, number in rungs.most_common())
        click.echo(f"| {label} | {count} | {sum(one.accepted for one in own)} | {caught} |")


def print_counts(title: str, counts: Counter[str]) -> None:
    """One line of counts, most first."""
    click.echo(f"\n{title}: " + ", ".join(f"{name} {count}" for name, count in counts.most_common()))


def print_names(title: str, names: list[str]) -> None:
    """Up to NAMES_SHOWN names, one a line."""
    if names:
        click.echo(f"\n{title}:")
        for name in names[:NAMES_SHOWN]:
            click.echo(f"  {name}")
        if len(names) > NAMES_SHOWN:
            click.echo(f"  and {len(names) - NAMES_SHOWN} more")


if __name__ == "__main__":
    main()
