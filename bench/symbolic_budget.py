"""What one symbolic analysis costs at a given budget, and whether its answer repeats.

Runs a fixed list of varied contracts through sandbox/agent/symbolic.py the way the sandbox does (one preloaded
process, one fork per contract), prints the CPU time, peak memory, paths and answer of each, and the distribution of
the costs. With --repeat above 1, or --busy N processes running beside it, it also says whether any answer changed.

    python -m bench.symbolic_budget [--max-paths 30] [--solver-steps 2000000] [--repeat 1] [--busy 0]
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import time
from typing import Any

from sandbox.agent import symbolic
from sandbox.job import SymbolicJob

# name: (signature, body, contract lines)
CONTRACTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "absolute": ("(n: int) -> int", "return n if n >= 0 else -n", ("post: _ >= 0",)),
    "one_integer": ("(n: int) -> bool", "return n != 123456789", ("post: _",)),
    "square": ("(n: int) -> int", "return n * n", ("post: _ >= n",)),
    "two_cubes": ("(a: int, b: int) -> int", "return a**3 + b**3", ("pre: a > 0 and b > 0", "post: _ != 1729")),
    "fermat": (
        "(a: int, b: int, c: int) -> bool",
        "return a**3 + b**3 != c**3",
        ("pre: a > 0 < b and c > 0", "post: _"),
    ),
    "factors": ("(a: int, b: int) -> int", "return a * b", ("pre: a > 1 < b", "post: _ != 1000000016000000063")),
    "divide": ("(a: int, b: int) -> int", "return a // b * b + a % b", ("pre: b != 0", "post: _ == a")),
    "gcd": ("(a: int, b: int) -> int", "while b:\n a, b = b, a % b\nreturn a", ("pre: a > 0 < b", "post: _ > 0")),
    "collatz": (
        "(n: int) -> int",
        "k = 0\nwhile n != 1:\n n = n // 2 if n % 2 == 0 else 3 * n + 1\n k += 1\nreturn k",
        ("pre: n > 0", "post: _ >= 0"),
    ),
    "digit_sum": (
        "(n: int) -> int",
        "return sum(int(c) for c in str(n))",
        ("pre: n >= 0", "post: _ <= 9 * len(str(n))"),
    ),
    "int_of_str": ("(n: int) -> int", "return int(str(n))", ("post: _ == n",)),
    "factorial": ("(n: int) -> int", "return 1 if n <= 1 else n * f(n - 1)", ("pre: 0 <= n <= 6", "post: _ >= 1")),
    "fibonacci": (
        "(n: int) -> int",
        "return n if n < 2 else f(n - 1) + f(n - 2)",
        ("pre: 0 <= n <= 25", "post: _ >= 0"),
    ),
    "sum_squares": ("(xs: list[int]) -> int", "return sum(x * x for x in xs)", ("post: _ >= 0",)),
    "sorted": ("(xs: list[int]) -> list[int]", "return sorted(xs)", ("post: all(a <= b for a, b in zip(_, _[1:]))",)),
    "bubble": (
        "(xs: list[int]) -> list[int]",
        "xs = list(xs)\nfor i in xs:\n for j in range(len(xs) - 1):\n  if xs[j] > xs[j + 1]:\n"
        "   xs[j], xs[j + 1] = xs[j + 1], xs[j]\nreturn xs",
        ("post: _ == sorted(xs)",),
    ),
    "maximum": (
        "(xs: list[int]) -> int",
        "m = 0\nfor x in xs:\n m = max(m, x)\nreturn m",
        ("pre: len(xs) > 0", "post: _ in xs"),
    ),
    "search": (
        "(xs: list[int], t: int) -> bool",
        "lo, hi = 0, len(xs)\nwhile lo < hi:\n m = (lo + hi) // 2\n if xs[m] == t:\n  return True\n"
        " if xs[m] < t:\n  lo = m + 1\n else:\n  hi = m\nreturn False",
        ("pre: xs == sorted(xs)", "post: _ == (t in xs)"),
    ),
    "distinct": ("(xs: list[int]) -> int", "return len(set(xs))", ("post: _ == len(xs)",)),
    "nested": ("(m: list[list[int]]) -> int", "return max((sum(r) for r in m), default=0)", ("post: _ >= -9",)),
    "reverse": ("(s: str) -> str", "return s[::-1]", ("post: _[::-1] == s",)),
    "upper": ("(s: str) -> str", "return s.upper()", ("post: len(_) == len(s)",)),
    "words": ("(s: str) -> list[str]", "return sorted(set(s.lower().split()))", ("post: len(_) <= 2",)),
    "fields": ("(s: str) -> list[str]", "return s.split(',')", ("post: ','.join(_) == s",)),
    "vowels": ("(s: str) -> int", "return sum(c in 'aeiou' for c in s)", ("post: 0 <= _ <= len(s)",)),
    "pattern": ("(s: str) -> bool", "import re\nreturn bool(re.fullmatch(r'[a-z]+[0-9]{2}', s))", ("post: not _",)),
    "format": ("(a: int, s: str) -> str", "return f'{a}:{s}'", ("post: _.count(':') == 1",)),
    "histogram": (
        "(s: str) -> dict[str, int]",
        "d = {}\nfor c in s:\n d[c] = d.get(c, 0) + 1\nreturn d",
        ("post: sum(_.values()) == len(s)",),
    ),
    "inverse": (
        "(d: dict[str, int]) -> dict[int, str]",
        "return {v: k for k, v in d.items()}",
        ("post: len(_) == len(d)",),
    ),
    "total": ("(d: dict[str, int]) -> int", "return sum(d.values())", ("post: _ != 42",)),
    "optional": ("(x: int | None) -> int", "return 0 if x is None else x", ("post: isinstance(_, int)",)),
    "tuple": ("(p: tuple[int, str]) -> tuple[str, int]", "return p[1], p[0]", ("post: _[::-1] == p",)),
    "booleans": ("(a: bool, b: bool) -> bool", "return not (a and b)", ("post: _ == ((not a) or (not b))",)),
    "float_shift": ("(x: float) -> float", "return (x + 0.1) - 0.1", ("pre: -9 < x < 9", "post: _ == x")),
    "float_mean": (
        "(x: float, y: float) -> float",
        "return (x + y) / 2",
        ("pre: 0 <= x <= y <= 1", "post: x <= _ <= y"),
    ),
    "common": (
        "(a: str, b: str) -> int",
        "t = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]\nfor i in range(len(a)):\n for j in range(len(b)):\n"
        "  t[i + 1][j + 1] = t[i][j] + 1 if a[i] == b[j] else max(t[i][j + 1], t[i + 1][j])\nreturn t[-1][-1]",
        ("post: _ <= min(len(a), len(b))",),
    ),
    "contradiction": ("(n: int) -> int", "return n", ("pre: n > 0", "pre: n < 0", "post: True")),
    "rare": ("(s: str) -> int", "return 0", ("pre: sum(c == 'q' for c in s) > 40", "post: True")),
    "endless": ("(n: int) -> int", "while True:\n n += 1", ("post: True",)),
    "recursion": ("() -> int", "def g(n):\n return n if n < 2 else g(n - 1) + g(n - 2)\nreturn g(40)", ("post: True",)),
}


def source(name: str) -> str:
    """The module that holds the contract, as function `f`."""
    signature, body, contract = CONTRACTS[name]
    lines = ['"""', *contract, '"""', *body.splitlines()]
    return f"def f{signature}:\n" + "".join(f"    {line}\n" for line in lines)


def measure(payload: dict[str, Any]) -> tuple[dict[str, Any], float, int]:
    """Answer, CPU seconds and peak memory in MB of one analysis in a forked process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        os.write(writer, json.dumps(symbolic.analyse(payload)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        text = answer.read()
    _, _, used = os.wait4(child, 0)
    cpu_s = used.ru_utime + used.ru_stime
    return json.loads(text or b'{"status": "killed", "paths": 0}'), cpu_s, used.ru_maxrss // 1024


def spin() -> None:
    """Keep one core busy until terminated."""
    while True:
        pass


def main() -> None:
    """Measure every contract and print one line each, then the distribution."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--max-paths", type=int, default=SymbolicJob.__dataclass_fields__["max_paths"].default)
    parser.add_argument("--solver-steps", type=int, default=SymbolicJob.__dataclass_fields__["solver_steps"].default)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--busy", type=int, default=0, help="processes that keep a core busy meanwhile")
    options = parser.parse_args()

    began = time.process_time()
    symbolic.preload()
    own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"preload: {time.process_time() - began:.2f} s CPU, {own_mb} MB")
    spinners = [multiprocessing.get_context("spawn").Process(target=spin, daemon=True) for _ in range(options.busy)]
    for spinner in spinners:
        spinner.start()

    costs: list[float] = []
    unstable: list[str] = []
    for name in CONTRACTS:
        payload = {
            "source": source(name),
            "function": "f",
            "max_paths": options.max_paths,
            "solver_steps": options.solver_steps,
        }
        runs = [measure(payload) for _ in range(options.repeat)]
        answer, _, memory_mb = runs[0]
        cpu_s = statistics.median(run[1] for run in runs)
        costs.append(cpu_s)
        if any(run[0] != answer for run in runs):
            unstable.append(name)
        print(f"{name:14} {cpu_s:6.2f} s {memory_mb:5} MB {answer['paths']:4} paths  {answer['status']}")
    for spinner in spinners:
        spinner.terminate()

    ninth = statistics.quantiles(costs, n=10)[-1]
    print(f"CPU per contract: median {statistics.median(costs):.2f} s, mean {statistics.fmean(costs):.2f} s, ", end="")
    print(f"90 % under {ninth:.2f} s, most {max(costs):.2f} s, over {len(costs)} contracts")
    if options.repeat > 1:
        print(f"answers that differed between {options.repeat} runs: {', '.join(unstable) or 'none'}")


if __name__ == "__main__":
    main()
