"""The plots of the page: which figures, with which words and links."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from synthgen.report.figures import BAD, BAR, GOOD, Bar, bar_chart, yield_chart
from synthgen.report.run import STAGES, Run
from synthgen.report.tallies import Split, Tally
from verifier.verdict import Assurance

_WIDE_INCHES, _NARROW_INCHES = 7.0, 4.6
_MOST_BARS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One figure of the page; size is the style sheet's word for its width."""

    title: str
    caption: str
    svg: Markup
    size: str = ""


def plots(run: Run, counted: Tally) -> list[Plot]:
    """All figures that this run has data for, in reading order."""
    if not run.judged:
        return []
    drawn = [_funnel(run, counted)]
    if run.reasons:
        drawn.append(_reasons(run))
    drawn += [_yield(counted), _splits("Topics", counted.topics, facet="topic")]
    if counted.assurances:
        drawn.append(_assurances(counted))
    drawn.append(_splits("Difficulty", counted.difficulties, facet="difficulty", size="third"))
    if counted.rung_times:
        drawn.append(_times(counted))
    return drawn


def _funnel(run: Run, counted: Tally) -> Plot:
    title = "Funnel"
    bars = [Bar(label="generated", parts=((run.judged, BAR),), words=f"{run.judged:,}")]
    left = run.judged
    ran = {*(rung.check for rung in counted.rung_times), *STAGES[:2]}
    stages = {**{stage: 0 for stage in STAGES if stage in ran}, **run.stages}
    for stage, refused in sorted(
        stages.items(), key=lambda item: STAGES.index(item[0]) if item[0] in STAGES else len(STAGES)
    ):
        left -= refused
        words = f"{left:,} left" + (f", {refused:,} refused" if refused else "")
        bars.append(Bar(label=stage, parts=((left, BAR), (refused, BAD)), words=words, link={"check": stage}))
    bars.append(Bar(label="accepted", parts=((run.accepted, GOOD),), words=f"{run.accepted:,}"))
    svg = bar_chart(bars, xlabel="samples", title=title, width_inches=_WIDE_INCHES)
    return Plot(title=title, caption="How many samples each stage let through, and how many it refused.", svg=svg)


def _reasons(run: Run) -> Plot:
    title = "Reasons"
    bars = [
        Bar(
            label=reason,
            parts=((count, BAD),),
            words=f"{count:,} ({100 * count / run.rejected:.0f} %)",
            link={"reason": reason},
        )
        for reason, count in _first_bars(run.reasons)
    ]
    svg = bar_chart(bars, xlabel="refused samples", title=title, width_inches=_WIDE_INCHES)
    return Plot(title=title, caption="Why samples were refused. A bar leads to its samples.", svg=svg)


def _first_bars(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:_MOST_BARS]


def _yield(counted: Tally) -> Plot:
    title = "Yield over the run"
    svg = yield_chart(
        counted.step_starts, counted.step_yields, counted.running_yields, title=title, width_inches=_WIDE_INCHES
    )
    return Plot(
        title=title, caption="Accepted share in each stretch of the run (area) and up to there (line).", svg=svg
    )


def _splits(title: str, splits: Mapping[str, Split] | Mapping[int, Split], *, facet: str, size: str = "") -> Plot:
    items: Iterable[tuple[object, Split]] = list(splits.items())[:_MOST_BARS]
    bars = [
        Bar(
            label=str(key),
            parts=((split.accepted, GOOD), (split.rejected, BAD)),
            words=f"{split.rejected:,} of {split.total:,} ({100 * split.rejected / split.total:.0f} %)",
            link={facet: str(key)},
        )
        for key, split in items
    ]
    more = f" The {_MOST_BARS} of {len(splits)} with most refusals." if len(splits) > _MOST_BARS else ""
    svg = bar_chart(bars, xlabel="samples", title=title, width_inches=_NARROW_INCHES if size else _WIDE_INCHES)
    return Plot(
        title=title,
        caption=f"Accepted and refused samples by {facet}; in figures, the refused of all.{more}",
        svg=svg,
        size=size,
    )


def _assurances(counted: Tally) -> Plot:
    title = "Assurance"
    total = sum(counted.assurances.values())
    bars = [
        Bar(
            label=level.value.replace("_", " "),
            parts=((count, GOOD),),
            words=f"{count:,} ({100 * count / total:.0f} %)",
        )
        for level in Assurance
        if (count := counted.assurances.get(level.value, 0))
    ]
    svg = bar_chart(bars, xlabel="accepted samples", title=title, width_inches=_NARROW_INCHES)
    return Plot(
        title=title, caption="The highest rung that accepted samples stand on, weakest first.", svg=svg, size="third"
    )


def _times(counted: Tally) -> Plot:
    title = "Time by check"
    bars = [
        Bar(label=rung.check, parts=((rung.total_s, BAR),), words=f"{rung.total_s:,.1f} s ({100 * rung.share:.0f} %)")
        for rung in counted.rung_times
    ]
    svg = bar_chart(bars, xlabel="seconds in all", title=title, width_inches=_NARROW_INCHES)
    return Plot(title=title, caption="Where the verifier's time went.", svg=svg, size="third")
