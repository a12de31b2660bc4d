"""How varied, how right and how fast the compositional engine is: `python bench/generator_diversity.py --n 10000 --seed 0`.

Nothing is verified in a sandbox here. `--execute` runs the samples' own examples and properties, and the reference against
the solution, in this process: the code is the engine's own.
"""

import argparse
import collections
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from synthgen.completion import Completion  # noqa: E402 - the path comes first, so that a bare checkout works
from synthgen.engines.compositional import Compositional  # noqa: E402
from synthgen.engines.compositional.engine import make_item  # noqa: E402
from synthgen.engines.compositional.trial import argument_for  # noqa: E402
from synthgen.novelty import normalised_digest  # noqa: E402

TARGET_SHARE = 0.95


def main() -> int:
    """Print the figures; exit 1 where diversity falls short or an executed sample fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="how many samples (default 10000)")
    parser.add_argument("--seed", type=int, default=0, help="the run seed (default 0)")
    parser.add_argument(
        "--fault-rate", type=float, default=0.0, help="share of samples with a planted fault (default 0)"
    )
    parser.add_argument(
        "--execute", type=int, default=0, metavar="K", help="run the tests of the first K samples in-process"
    )
    parser.add_argument("--show", type=int, default=3, help="how many of the commonest shapes to print (default 3)")
    options = parser.parse_args()
    if options.n < 1:
        parser.error(f"--n is {options.n}; give at least 1")
    completions, wall_s, cpu_s = generated(options.n, seed=options.seed, fault_rate=options.fault_rate)
    rows = [json.loads(completion.text) for completion in completions]
    print(f"samples                {options.n} at seed {options.seed}, fault rate {options.fault_rate}")
    print(
        f"speed                  {options.n / wall_s:.0f} samples/s ({options.n / cpu_s:.0f} per CPU second, one process)"
    )
    share = diversity([row["solution"] for row in rows], most=options.show)
    for title, values in (
        ("topic", [completion.topic for completion in completions]),
        ("difficulty", [str(completion.difficulty) for completion in completions]),
        ("statement style", [completion.style.split("/")[0] for completion in completions]),
        ("solution style", [completion.style.split("/")[1] for completion in completions]),
        ("fault", [completion.fault or "none" for completion in completions]),
    ):
        print(f"{title:<22} {distribution(values)}")
    print(f"with postconditions    {sum(bool(row['contracts']['post']) for row in rows) / len(rows):.1%}")
    failed = execute(rows[: options.execute], completions, seed=options.seed) if options.execute else 0
    return 1 if failed or (options.n >= 1000 and share < TARGET_SHARE) else 0


def generated(count: int, *, seed: int, fault_rate: float) -> tuple[list[Completion], float, float]:
    """The first `count` completions, with the wall and the CPU seconds that they took."""
    engine = Compositional(seed=seed, fault_rate=fault_rate)
    wall, cpu = time.perf_counter(), time.process_time()
    completions = [engine.complete(index) for index in range(count)]
    return completions, time.perf_counter() - wall, time.process_time() - cpu


def diversity(solutions: Sequence[str], *, most: int) -> float:
    """Print how many solutions are distinct once normalised, and the commonest shapes; return the share."""
    by_digest: dict[str, list[str]] = collections.defaultdict(list)
    for solution in solutions:
        by_digest[normalised_digest(solution)].append(solution)
    share = len(by_digest) / len(solutions)
    print(f"distinct solutions     {len(by_digest)} of {len(solutions)} ({share:.2%}; target {TARGET_SHARE:.0%})")
    for group in sorted(by_digest.values(), key=len, reverse=True)[:most]:
        if len(group) > 1:
            print(f"  {len(group)} times:")
            print("    " + group[0].rstrip().replace("\n", "\n    "))
    return share


def distribution(values: Sequence[str]) -> str:
    """The shares of the values, the largest first."""
    counts = collections.Counter(values)
    return ", ".join(f"{value} {count / len(values):.1%}" for value, count in counts.most_common(60))


def execute(rows: Sequence[Mapping[str, str]], completions: Sequence[Completion], *, seed: int) -> int:
    """Run tests and reference of clean samples here; print and count the failures."""
    failures: list[str] = []
    ran = 0
    for row, completion in zip(rows, completions, strict=False):
        if completion.fault is not None:
            continue
        ran += 1
        failure = run_sample(row, seed=seed, index=completion.index)
        if failure is not None:
            failures.append(f"{row['task_id']}: {failure}")
    print(f"executed               {ran} clean samples, {len(failures)} failed")
    for failure in failures[:10]:
        print(f"  {failure}")
    return len(failures)


def run_sample(row: Mapping[str, str], *, seed: int, index: int) -> str | None:
    """What goes wrong with one sample in this process, or None."""
    solution: dict[str, object] = {}
    reference: dict[str, object] = {}
    try:
        exec(row["solution"], solution)
        exec(row["reference"], reference)
        exec(row["tests"], solution)
        for name, value in list(solution.items()):
            if name.startswith("test_") and callable(value):
                value()
        program = make_item(seed=seed, index=index).program
        rng = random.Random(index)
        first, second = solution[row["entry_point"]], reference[row["entry_point"]]
        if not callable(first) or not callable(second):
            return "the entry point is no function"
        for _ in range(30):
            arguments = [argument_for(one, rng, size=rng.randint(0, 8), wild=True) for one in program.parameters]
            if first(*arguments) != second(*arguments):
                return f"solution and reference differ on {arguments!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return None


if __name__ == "__main__":
    raise SystemExit(main())
