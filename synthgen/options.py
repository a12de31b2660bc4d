"""What `synthgen produce` was asked for: the one place where its options are checked."""

import os
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from synthgen.completion import Engine

ENGINES = ("auto", "compositional", "replay")
PLANNED_ENGINES = ("vllm", "openai")
Level = Literal["quick", "full"]
LEVELS: tuple[Level, ...] = ("quick", "full")
DEFAULT_SHARD_ROWS = 10_000


class OptionRefused(Exception):
    """An option's value makes no sense. The message names it and says what to give instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProduceOptions:
    """The options of one run, checked. n counts accepted samples; max_candidates bounds how many are tried for them."""

    n: int
    out: Path
    engine: str
    seed: int = 0
    workers: int = 1
    fault_rate: float = 0.0
    level: Level = "full"
    shard_rows: int = DEFAULT_SHARD_ROWS
    max_candidates: int = 1_000_000
    replay: Path | None = None
    runtime: str | None = None


def checked_options(
    *,
    n: int,
    out: Path | None,
    engine: str,
    seed: int,
    workers: int | None,
    fault_rate: float,
    level: str,
    shard_rows: int,
    max_candidates: int | None,
    replay: Path | None,
    runtime: str | None,
) -> ProduceOptions:
    """The options with their defaults filled in; raises OptionRefused."""
    chosen = _checked_engine(engine, replay=replay)
    _at_least_one("--n", n, hint="it counts accepted samples, for example --n 200")
    if workers is not None:
        _at_least_one("--workers", workers, hint="each worker is one sandbox; leave it out for one per CPU")
    _at_least_one("--shard-rows", shard_rows, hint=f"leave it out for {DEFAULT_SHARD_ROWS}")
    if max_candidates is not None and max_candidates < n:
        raise OptionRefused(
            f"--max-candidates is {max_candidates}, fewer than --n {n}: give at least {n}, or leave it out."
        )
    if not 0.0 <= fault_rate <= 1.0:
        raise OptionRefused(f"--fault-rate is {fault_rate}; it is a share: give a value from 0 to 1.")
    if fault_rate and chosen == "replay":
        raise OptionRefused(f"--fault-rate is {fault_rate}, but a replay plants nothing: leave it out.")
    if seed < 0:
        raise OptionRefused(f"--seed is {seed}; give 0 or more.")
    folder = out or Path("runs") / f"{chosen}-seed{seed}"
    if replay is not None and replay.resolve() == folder.resolve():
        raise OptionRefused(f"--out and --replay are both {folder}; a run cannot replay itself: use another --out.")
    return ProduceOptions(
        n=n,
        out=folder,
        engine=chosen,
        seed=seed,
        workers=workers or len(os.sched_getaffinity(0)),
        fault_rate=fault_rate,
        level=_checked_level(level),
        shard_rows=shard_rows,
        max_candidates=max_candidates or 1_000 + 10 * n,
        replay=replay,
        runtime=runtime,
    )


def _checked_engine(engine: str, *, replay: Path | None) -> str:
    if engine in PLANNED_ENGINES:
        raise OptionRefused(
            f"--engine {engine} is not in this version; it has {', '.join(ENGINES)}. Try --engine compositional."
        )
    if engine not in ENGINES:
        raise OptionRefused(f"--engine is {engine!r}; give one of {', '.join(ENGINES)}.")
    chosen = "compositional" if engine == "auto" and replay is None else engine
    if chosen == "auto":
        chosen = "replay"
    if chosen == "replay" and replay is None:
        raise OptionRefused("--engine replay needs --replay DIR, the folder of an earlier run.")
    if chosen != "replay" and replay is not None:
        raise OptionRefused(f"--replay is {replay}, but --engine is {engine}: leave one of them out.")
    return chosen


def _checked_level(level: str) -> Level:
    for known in LEVELS:
        if level == known:
            return known
    raise OptionRefused(f"--level is {level!r}; give one of {', '.join(LEVELS)}.")


def _at_least_one(name: str, value: int, *, hint: str) -> None:
    if value < 1:
        raise OptionRefused(f"{name} is {value}; it must be at least 1: {hint}.")


def identity(options: ProduceOptions, *, engine: Engine, verifier_version: str) -> dict[str, str]:
    """Everything that the data depends on, by the name a message calls it; two runs that agree on it give the same rows."""
    return {
        "--engine": engine.name,
        "the engine's version": engine.version,
        "--seed": str(options.seed),
        "--fault-rate": str(options.fault_rate),
        "--level": options.level,
        "--shard-rows": str(options.shard_rows),
        "the verifier's version": verifier_version,
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "hypothesis": metadata.version("hypothesis"),
        "crosshair-tool": metadata.version("crosshair-tool"),
    }


def first_difference(now: dict[str, str], before: dict[str, str], *, directory: Path) -> str | None:
    """The sentence that refuses to resume, or None where everything that the data depends on is as it was."""
    for name in [*now, *before]:
        if now.get(name) == before.get(name):
            continue
        return (
            f"{name} is {now.get(name, 'not given')} but {directory} was made with {before.get(name, 'none')}; "
            "use another --out or the same value."
        )
    return None
