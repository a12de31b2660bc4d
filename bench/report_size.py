"""How long the report of a run takes, how much memory, and how large the page is.

    python -m bench.report_size RUN_FOLDER

The page is written beside the run as `synthgen report` would write it. It does not measure how fast a browser opens it.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

from synthgen.dataset.ledger import FILE_NAME, open_ledger
from synthgen.report.page import write_report
from synthgen.report.records import choose
from synthgen.report.run import read_run


def measure(directory: Path) -> dict[str, str]:
    """Write the page once and say what that took."""
    before_mb = _peak_mb()
    started = time.perf_counter()
    page = write_report(directory)
    wall_s = time.perf_counter() - started
    peak_mb = _peak_mb()
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        run = read_run(directory, ledger)
        shown = len(choose(ledger, below=run.below).rejected)
    return {
        "samples": f"{run.judged:,}",
        "rejects shown": f"{shown:,} of {run.rejected:,}",
        "wall time": f"{wall_s:.2f} s, {run.judged / wall_s:,.0f} samples/s",
        "peak memory": f"{peak_mb} MB, {before_mb} MB of it before the report",
        "page": f"{page.stat().st_size / 1e6:.2f} MB",
    }


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description="Measure synthgen report on one run.")
    parser.add_argument("directory", type=Path, help="the folder of a synthgen produce")
    directory = parser.parse_args().directory
    if not (directory / FILE_NAME).is_file():
        print(f"{directory} has no {FILE_NAME}; give the --out of a synthgen produce.", file=sys.stderr)
        return 2
    for name, value in measure(directory).items():
        print(f"{name:14} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
