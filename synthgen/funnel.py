"""The figures of a run: how many were tried, what refused them, how many stand on which rung.

They are counts over the candidates of the data set (those with an index less than `below`), so they are the same however
often the run was interrupted. Where faults were planted, the verifier's errors are counted too: over candidates that
reached it, since novelty and parsing say nothing about faults.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from synthgen.dataset.ledger import Ledger
from verifier.verdict import Assurance, Reason

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How many samples one stage refused for one reason."""

    stage: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFigures:
    """The verifier against the labels: planted faults that it judged and accepted, clean samples that it judged and rejected."""

    planted: int
    planted_accepted: int
    clean: int
    clean_rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """attempted = accepted + the refusals + set_aside. faults is None where none were planted."""

    attempted: int
    unparsable: int
    duplicate: int
    judged: int
    accepted: int
    set_aside: int
    refusals: tuple[Refusals, ...]
    assurances: tuple[tuple[str, int], ...]
    faults: FaultFigures | None

    def as_json(self) -> dict[str, Any]:
        """The figures as the manifest holds them."""
        return {**asdict(self), "assurances": dict(self.assurances)}


def funnel_of(ledger: Ledger, *, below: int) -> Funnel:
    """Count the candidates with an index less than `below`."""
    rows = ledger.connection.execute(
        "SELECT v.accepted, v.stage, v.reason, v.assurance, c.fault IS NOT NULL, v.verdict IS NOT NULL, COUNT(*) "
        "FROM verdicts v JOIN completions c ON c.idx = v.idx WHERE v.idx < ? GROUP BY 1, 2, 3, 4, 5, 6",
        (below,),
    ).fetchall()
    set_aside = ledger.connection.execute("SELECT COUNT(*) FROM set_aside WHERE idx < ?", (below,)).fetchone()[0]
    refusals: dict[tuple[str, str], int] = {}
    assurances: dict[str, int] = {}
    judged: dict[tuple[bool, bool], int] = {}
    for accepted, stage, reason, assurance, planted, by_verifier, count in rows:
        if accepted:
            assurances[assurance or ""] = assurances.get(assurance or "", 0) + count
        else:
            refusals[stage, reason] = refusals.get((stage, reason), 0) + count
        if by_verifier:
            key = (bool(planted), bool(accepted))
            judged[key] = judged.get(key, 0) + count
    strongest_first = [level.value for level in reversed(Assurance)]
    ordered = sorted(refusals.items(), key=lambda item: (-item[1], item[0]))
    planted_judged = judged.get((True, True), 0) + judged.get((True, False), 0)
    return Funnel(
        attempted=sum(row[-1] for row in rows) + set_aside,
        unparsable=sum(count for (_, reason), count in refusals.items() if reason == Reason.UNPARSABLE.value),
        duplicate=sum(count for (_, reason), count in refusals.items() if reason == Reason.DUPLICATE.value),
        judged=sum(judged.values()),
        accepted=sum(assurances.values()),
        set_aside=set_aside,
        refusals=tuple(Refusals(stage=stage, reason=reason, count=count) for (stage, reason), count in ordered),
        assurances=tuple((name, assurances[name]) for name in [*strongest_first, ""] if name in assurances),
        faults=FaultFigures(
            planted=planted_judged,
            planted_accepted=judged.get((True, True), 0),
            clean=judged.get((False, True), 0) + judged.get((False, False), 0),
            clean_rejected=judged.get((False, False), 0),
        )
        if planted_judged
        else None,
    )


def render(funnel: Funnel, console: "Console") -> None:
    """Print the funnel as a table, stage by stage."""
    from rich.table import Table

    table = Table(title="Funnel", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("stage")
    table.add_column("outcome")
    table.add_column("samples", justify="right")
    table.add_column("share", justify="right")

    def line(stage: str, outcome: str, count: int, style: str | None = None) -> None:
        table.add_row(stage, outcome, f"{count:,}", _share(count, funnel.attempted), style=style)

    line("generate", "attempted", funnel.attempted)
    for refusal in funnel.refusals:
        line(refusal.stage, refusal.reason, refusal.count, style="red")
    if funnel.set_aside:
        line("verify", "set aside: could not be judged", funnel.set_aside, style="yellow")
    line("", "accepted", funnel.accepted, style="bold green")
    for assurance, count in funnel.assurances:
        line("", f"  {assurance or 'without assurance'}", count)
    console.print(table)
    if funnel.faults is not None:
        faults = funnel.faults
        console.print(
            f"Planted faults: {faults.planted_accepted:,} of {faults.planted:,} accepted "
            f"({_share(faults.planted_accepted, faults.planted)}). "
            f"Clean samples: {faults.clean_rejected:,} of {faults.clean:,} rejected "
            f"({_share(faults.clean_rejected, faults.clean)}).",
            highlight=False,
            soft_wrap=True,
        )


def _share(count: int, total: int) -> str:
    return f"{count / total:.1%}" if total else "-"
