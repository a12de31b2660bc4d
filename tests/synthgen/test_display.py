"""Progress as a heartbeat line or a live panel, and the figures in it."""

import io
import math

from rich.console import Console

from synthgen.display import Pace, heartbeat, panel, show_progress
from synthgen.produce import Progress


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def progress(*, accepted: int, accepted_before: int = 0, unjudged: int = 0) -> Progress:
    return Progress(
        target=1_000,
        attempted=accepted + 40,
        accepted=accepted,
        accepted_before=accepted_before,
        rejected={"example_failed": 12, "duplicate": 25},
        judging=2,
        queued=1,
        unjudged=unjudged,
    )


def test_a_resumed_run_is_measured_from_where_it_resumed() -> None:
    """Samples of an earlier process count towards the target, not towards the speed."""
    clock = Clock()
    pace = Pace(now=clock)
    clock.now_s += 10
    now = progress(accepted=600, accepted_before=500)
    assert pace.overall(now) == 10.0
    assert pace.remaining_s(now) == 40.0


def test_the_recent_rate_forgets_what_is_more_than_a_minute_ago() -> None:
    """A slow start does not slow the estimate for ever."""
    clock = Clock()
    pace = Pace(now=clock)
    for _ in range(100):
        clock.now_s += 1
        pace.saw(progress(accepted=0))
    for second in range(1, 61):
        clock.now_s += 1
        pace.saw(progress(accepted=5 * second))
    assert pace.recent(progress(accepted=300)) == 5.0
    assert pace.overall(progress(accepted=300)) == 300 / 160


def test_without_any_accepted_sample_the_time_left_is_unknown() -> None:
    """No estimate is better than a made-up one."""
    clock = Clock()
    pace = Pace(now=clock)
    clock.now_s += 10
    assert math.isinf(pace.remaining_s(progress(accepted=0)))
    assert "time left unknown" in heartbeat(progress(accepted=0), pace)


def test_the_heartbeat_has_the_counts_the_rates_and_the_reasons() -> None:
    """One line says how far the run is, most frequent reason first."""
    clock = Clock()
    pace = Pace(now=clock)
    clock.now_s += 10
    assert heartbeat(progress(accepted=100, unjudged=3), pace) == (
        "100 / 1,000 accepted; 140 attempted; 10.0 accepted/s (10.0 overall); 2 being judged, 1 waiting; 3 unjudged; "
        "time left 0:01:30; rejected: duplicate 25, example_failed 12"
    )


def test_the_panel_shows_the_same_figures() -> None:
    """The live view prints on a terminal without being cut."""
    clock = Clock()
    pace = Pace(now=clock)
    clock.now_s += 10
    stream = io.StringIO()
    Console(file=stream, width=120, force_terminal=True, color_system=None).print(panel(progress(accepted=100), pace))
    printed = stream.getvalue()
    for words in ("100 / 1,000 accepted", "attempted 140", "10.0 accepted/s", "time left 0:01:30", "duplicate", "25"):
        assert words in printed


def test_where_there_is_no_terminal_a_short_run_prints_nothing() -> None:
    """Heartbeats start after the first interval, and no control codes reach a file."""
    stream = io.StringIO()
    with show_progress(stream) as observe:
        observe(progress(accepted=1))
    assert stream.getvalue() == ""
