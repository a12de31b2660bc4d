"""Plots of a run as inline SVG: drawn by matplotlib, coloured by the page's style sheet, so that they follow its theme."""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from synthgen.report.visible import shortened

# Colours that appear nowhere else: each stands for a variable of the style sheet and is replaced after drawing.
INK, SOFT, GRID, BAR, GOOD, BAD = "#010203", "#010204", "#010205", "#010206", "#010207", "#010208"
_VARIABLES = {INK: "--ink", SOFT: "--soft", GRID: "--grid", BAR: "--bar", GOOD: "--bar-good", BAD: "--bar-bad"}
# matplotlib types its keys as one long literal
_SETTINGS: dict[Any, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "synthgen",
    "font.size": 9.5,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}
_ROW_INCHES = 0.30
_FRAME_INCHES = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of a bar chart: coloured parts from left to right and the words at its end; facet, value: where it links."""

    label: str
    parts: tuple[tuple[float, str], ...]
    words: str
    link: Mapping[str, str] | None = None


def bar_chart(bars: Sequence[Bar], *, xlabel: str, title: str, width_inches: float) -> Markup:
    """Horizontal bars, the first on top, each with its figures in words."""
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(width_inches, _FRAME_INCHES + _ROW_INCHES * max(len(bars), 1)), layout="constrained")
        axes = figure.add_subplot()
        axes.set_xlabel(xlabel)
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        longest = max((sum(length for length, _ in bar.parts) for bar in bars), default=0) or 1
        # room at the right for the words, at about 0.065 inches a character
        inches = max(
            width_inches - 1.2 - 0.065 * max((len(shortened(bar.label, width=30)) for bar in bars), default=0), 1.0
        )
        ends = [
            (sum(length for length, _ in bar.parts), min(0.065 * (len(bar.words) + 2) / inches, 0.65)) for bar in bars
        ]
        axes.set_xlim(0, max((end / (1.0 - room) for end, room in ends), default=0) or longest)
        axes.set_yticks(range(len(bars)), [shortened(bar.label, width=30) for bar in bars])
        axes.set_ylim(len(bars) - 0.4, -0.6)
        ticks = MaxNLocator(nbins=4, integer=longest >= 4).tick_values(0, longest)
        axes.set_xticks([tick for tick in ticks if 0 <= tick <= longest * 1.001])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        for row, bar in enumerate(bars):
            _draw_bar(axes, bar, row=row, gap=longest * 0.012)
        return _inline(figure, title=title + ": " + "; ".join(f"{bar.label} {bar.words}" for bar in bars))


def _draw_bar(axes: Axes, bar: Bar, *, row: int, gap: float) -> None:
    left = 0.0
    for length, colour in bar.parts:
        if length:
            drawn = axes.barh(row, length, left=left, height=0.66, color=colour)
            if bar.link:
                drawn[0].set_url("#" + urlencode(bar.link))
        left += length
    axes.text(left + gap, row, bar.words, va="center", fontsize=8.5, color=SOFT)


def yield_chart(
    starts: Sequence[int], shares: Sequence[float], running: Sequence[float], *, title: str, width_inches: float
) -> Markup:
    """Accepted share by stretch of the run (steps) and so far (line), both in percent, over the sample index."""
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(width_inches, 2.6), layout="constrained")
        axes = figure.add_subplot()
        axes.set_xlabel("sample index")
        axes.set_ylabel("accepted, %")
        axes.yaxis.label.set_color(SOFT)
        axes.stairs(shares, starts, color=BAR, fill=True, alpha=0.35)
        centres = [(left + right) / 2 for left, right in pairwise(starts)]
        marker = "o" if len(centres) < 2 else ""
        axes.plot(centres, running, color=GOOD, linewidth=2, marker=marker)
        axes.set_ylim(0, 105)
        axes.set_xlim(starts[0], max(starts[-1], starts[0] + 1))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        last = f"{running[-1]:.1f} % overall" if running else ""
        if running:
            axes.annotate(
                last,
                (centres[-1], running[-1]),
                xytext=(0, -14 if running[-1] > 20 else 6),
                textcoords="offset points",
                ha="right",
                fontsize=9,
            )
        return _inline(figure, title=f"{title}: {last}")


def _inline(figure: Figure, *, title: str) -> Markup:
    """The SVG element alone, without its own fonts, colours, size and unused ids."""
    target = io.StringIO()
    with warnings.catch_warnings():
        # a character that matplotlib's font lacks is only measured wrongly: the browser draws it
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(
            target,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    drawn = target.getvalue()
    svg = drawn[drawn.index("<svg") :]
    svg = re.sub(r'<style type="text/css">.*?</style>', "", svg, flags=re.DOTALL)
    svg = re.sub(r'font-family: [^;"]*', "font-family: inherit", svg)
    svg = svg.replace(' target="_blank"', "")
    used = set(re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found.group(0) if found.group(1) in used else "", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    svg = re.sub(r'(<svg [^>]*?) width="[^"]*" height="[^"]*"', r"\1", svg, count=1)
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(shortened(title, width=1500))}" ', 1))
