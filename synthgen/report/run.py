"""What a report says of a run as a whole: its range, its figures, its time and the facts in its manifest."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthgen.dataset.ledger import Ledger
from synthgen.dataset.manifest import FILE_NAME as MANIFEST_NAME
from synthgen.dataset.manifest import read_manifest
from synthgen.funnel import Funnel, funnel_of
from synthgen.parse import STAGE as PARSE_STAGE
from verifier.verdict import Check

STAGES = (PARSE_STAGE, "novelty", *(check.value for check in Check))
# parts of the manifest that the report shows elsewhere, that repeat others, or that are too long for a table
_NOT_FACTS = frozenset({"figures", "shards", "sessions", "rows", "below", "format_version", "identity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run's folder as the report sees it: the samples with an index less than `below`. wall_s adds up its sessions."""

    directory: Path
    below: int
    funnel: Funnel
    wall_s: float
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]

    @property
    def judged(self) -> int:
        """Samples that were accepted or refused."""
        return self.funnel.attempted - self.funnel.set_aside

    @property
    def accepted(self) -> int:
        """Samples that passed every check."""
        return self.funnel.accepted

    @property
    def rejected(self) -> int:
        """Samples that were refused at any stage."""
        return self.judged - self.accepted

    @property
    def reasons(self) -> dict[str, int]:
        """Refused samples by reason, most frequent first."""
        counts: Counter[str] = Counter()
        for refusal in self.funnel.refusals:
            counts[refusal.reason] += refusal.count
        return dict(counts.most_common())

    @property
    def stages(self) -> dict[str, int]:
        """Refused samples by stage, in the order that samples pass the stages."""
        counts: Counter[str] = Counter()
        for refusal in self.funnel.refusals:
            counts[refusal.stage] += refusal.count
        order = [*STAGES, *sorted(set(counts) - set(STAGES))]
        return {stage: counts[stage] for stage in order if counts[stage]}

    def fact(self, key: str) -> str:
        """A fact by its name in `facts`, or a dash."""
        return dict(self.facts).get(key, "–")


def read_run(directory: Path, ledger: Ledger) -> Run:
    """Read manifest and ledger. Without a manifest the run is unfinished: all that is judged so far counts."""
    manifest = read_manifest(directory)
    below = ledger.next_index() if manifest is None else int(manifest["below"])
    funnel = funnel_of(ledger, below=below)
    warnings = []
    if manifest is None:
        warnings.append(
            f"There is no {MANIFEST_NAME}: the run is not finished. The report covers what was judged so far."
        )
    if funnel.set_aside:
        warnings.append(
            f"{funnel.set_aside:,} samples were set aside because the sandbox failed on them again and again; "
            "they are neither accepted nor refused. The table set_aside in run.db says why."
        )
    return Run(
        directory=directory,
        below=below,
        funnel=funnel,
        wall_s=_wall_s(ledger),
        facts=(*_origin(ledger), *_stated(manifest or {})),
        warnings=tuple(warnings),
    )


def _origin(ledger: Ledger) -> Iterator[tuple[str, str]]:
    """What made the samples, from the first of them."""
    first = ledger.completion(0)
    if first is None:
        return
    yield "engine", f"{first.engine} {first.engine_version}"
    if first.model:
        yield "model", first.model
    if first.prompt_version:
        yield "prompts", first.prompt_version


def _stated(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the manifest says, `group: name` where it says it in a group; what it leaves empty is left out."""
    verifier = manifest.get("identity", {}).get("the verifier's version")
    if verifier is not None:
        yield "verifier", str(verifier)
    yield from _flat({key: value for key, value in manifest.items() if key not in _NOT_FACTS})


def _flat(values: Mapping[str, object], *, prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, prefix=f"{prefix}{key}: ")
        elif value is not None:
            yield prefix + key, str(value)


def _wall_s(ledger: Ledger) -> float:
    """Seconds that the run's sessions lasted; one that was killed lasts until its last verdict."""
    query = (
        "SELECT s.started_at, COALESCE(s.ended_at, (SELECT MAX(v.judged_at) FROM verdicts v WHERE v.judged_at >= s.started_at "
        "AND v.judged_at < COALESCE((SELECT MIN(n.started_at) FROM sessions n WHERE n.id > s.id), 9e99))) FROM sessions s"
    )
    spans = ledger.connection.execute(query)
    return math.fsum(max(0.0, ended - started) for started, ended in spans if ended is not None)
