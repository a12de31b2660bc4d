"""What a person sees while a run works: a live panel on a terminal, else a heartbeat line; both on stderr.

Rates are of this process: what a resumed run had before counts towards the target, not towards the speed.
"""

import math
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from synthgen.produce import Progress

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

HEARTBEAT_S = 10.0
REFRESH_S = 0.25
RECENT_S = 60.0
SHOWN_REASONS = 6


class Pace:
    """How fast a run accepts, overall and of late, from the progress it is shown."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._started = now()
        self._recent: deque[tuple[float, int]] = deque([(self._started, 0)])

    def saw(self, progress: Progress) -> None:
        """Take note of how many are accepted now; at most once a second."""
        now = self._now()
        if now - self._recent[-1][0] >= 1.0:
            self._recent.append((now, _done(progress)))
        while now - self._recent[0][0] > RECENT_S:
            self._recent.popleft()

    def elapsed_s(self) -> float:
        """Seconds since this process began to work."""
        return self._now() - self._started

    def overall(self, progress: Progress) -> float:
        """Accepted samples a second since this process began."""
        return _done(progress) / max(self.elapsed_s(), 1e-9)

    def recent(self, progress: Progress) -> float:
        """Accepted samples a second over the last minute."""
        then, done = self._recent[0] if self._recent else (self._started, 0)
        return max(_done(progress) - done, 0) / max(self._now() - then, 1e-9)

    def remaining_s(self, progress: Progress) -> float:
        """Seconds until the target at the recent pace; infinite while nothing is accepted."""
        rate = self.recent(progress) or self.overall(progress)
        missing = max(progress.target - progress.accepted, 0)
        return missing / rate if rate else (math.inf if missing else 0.0)


def heartbeat(progress: Progress, pace: Pace) -> str:
    """The state of a run in one line of text."""
    words = [
        f"{progress.accepted:,} / {progress.target:,} accepted",
        f"{progress.attempted:,} attempted",
        _rates(progress, pace),
        f"{progress.judging:,} being judged, {progress.queued:,} waiting",
    ]
    if progress.unjudged:
        words.append(f"{progress.unjudged:,} unjudged")
    words.append(f"time left {_clock(pace.remaining_s(progress))}")
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in _top_reasons(progress))
    return "; ".join(words) + (f"; rejected: {reasons}" if reasons else "")


@contextmanager
def show_progress(stream: TextIO = sys.stderr) -> Iterator[Callable[[Progress], None]]:
    """Give a function that shows each progress it is called with, as often as is good for the reader."""
    from rich.console import Console

    console = Console(file=stream)
    if console.is_terminal and not console.is_dumb_terminal:
        with _live(console) as observe:
            yield observe
    else:
        yield _beat(stream)


def _beat(stream: TextIO) -> Callable[[Progress], None]:
    pace = Pace()
    next_at = HEARTBEAT_S

    def observe(progress: Progress) -> None:
        nonlocal next_at
        pace.saw(progress)
        if pace.elapsed_s() >= next_at:
            next_at = pace.elapsed_s() + HEARTBEAT_S
            print(heartbeat(progress, pace), file=stream, flush=True)

    return observe


@contextmanager
def _live(console: "Console") -> Iterator[Callable[[Progress], None]]:
    from rich.live import Live

    pace = Pace()
    shown_at = -math.inf
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def observe(progress: Progress) -> None:
            nonlocal shown_at
            pace.saw(progress)
            if pace.elapsed_s() - shown_at >= REFRESH_S:
                shown_at = pace.elapsed_s()
                live.update(panel(progress, pace), refresh=True)

        yield observe


def panel(progress: Progress, pace: Pace) -> "RenderableType":
    """The live view: the bar, the figures beside each other, and the reasons that refuse most."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    bar = Table.grid(padding=(0, 2))
    bar.add_row(
        f"[bold]{progress.accepted:,}[/] / {progress.target:,} accepted",
        ProgressBar(total=progress.target, completed=min(progress.accepted, progress.target), width=32),
        f"time left {_clock(pace.remaining_s(progress))}",
    )
    figures = Table.grid(padding=(0, 3))
    figures.add_row(
        f"attempted {progress.attempted:,}",
        _rates(progress, pace),
        f"being judged {progress.judging:,}",
        f"waiting {progress.queued:,}",
        f"[yellow]unjudged {progress.unjudged:,}[/]" if progress.unjudged else "",
        f"elapsed {_clock(pace.elapsed_s())}",
    )
    reasons = Table.grid(padding=(0, 2))
    for reason, count in _top_reasons(progress):
        share = f"{count / max(progress.attempted, 1):.1%}"
        reasons.add_row(f"  [red]{reason}[/]", f"{count:,}", f"[dim]{share}[/]")
    return Group(bar, figures, reasons)


def _top_reasons(progress: Progress) -> list[tuple[str, int]]:
    return sorted(progress.rejected.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_REASONS]


def _done(progress: Progress) -> int:
    return progress.accepted - progress.accepted_before


def _rates(progress: Progress, pace: Pace) -> str:
    recent, overall = pace.recent(progress), pace.overall(progress)
    digits = 1 if overall >= 1 else 2
    return f"{recent:.{digits}f} accepted/s ({overall:.{digits}f} overall)"


def _clock(seconds: float) -> str:
    if math.isinf(seconds):
        return "unknown"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
