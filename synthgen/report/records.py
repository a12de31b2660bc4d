"""The samples that the page carries: which ones, and each as a plain record for the browser.

All rejects go in, up to `MAX_REJECTS` rows and `MAX_BYTES` of text. Beyond that every reason keeps its fair share: first one of
each, then a second of each, until the bound is reached, spread over the whole run. What is left out is counted by reason.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from synthgen.completion import Completion, Rejection
from synthgen.dataset.ledger import Ledger
from synthgen.parse import parse

MAX_REJECTS = 20_000
MAX_BYTES = 48_000_000
MAX_FIELD_CHARS = 1_000_000
ACCEPTED_SHOWN = 100
FALSE_ACCEPTS_SHOWN = 500

# Knuth's multiplicative hash of the index: a fixed order in which neighbours are far apart
_SPREAD = "(v.idx * 2654435761) % 4294967296"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The indexes to show, and how many rejects of each reason the bounds keep out."""

    rejected: tuple[int, ...]
    false_accepts: tuple[int, ...]
    accepted: tuple[int, ...]
    left_out: Mapping[str, int]


def choose(ledger: Ledger, *, below: int, max_rejects: int = MAX_REJECTS, max_bytes: int = MAX_BYTES) -> Chosen:
    """Which of the samples with an index less than `below` go into the page."""
    query = (
        "SELECT idx, reason, size FROM (SELECT v.idx AS idx, v.reason AS reason, "
        "length(c.text) + length(v.detail) + coalesce(length(v.verdict), 0) AS size, "
        f"row_number() OVER (PARTITION BY v.reason ORDER BY {_SPREAD}) AS turn "
        "FROM verdicts v JOIN completions c ON c.idx = v.idx WHERE v.accepted = 0 AND v.idx < ?) ORDER BY turn, idx"
    )
    rejected: list[int] = []
    left_out: Counter[str] = Counter()
    room = max_bytes
    for index, reason, size in ledger.connection.execute(query, (below,)):
        taken = min(size, MAX_FIELD_CHARS)
        if len(rejected) < max_rejects and taken <= room:
            rejected.append(index)
            room -= taken
        else:
            left_out[reason] += 1
    false_accepts = _accepted(ledger, "c.fault IS NOT NULL", below=below, limit=FALSE_ACCEPTS_SHOWN)
    accepted = _accepted(ledger, "c.fault IS NULL", below=below, limit=ACCEPTED_SHOWN)
    return Chosen(
        rejected=tuple(sorted(rejected)), false_accepts=false_accepts, accepted=accepted, left_out=dict(left_out)
    )


def _accepted(ledger: Ledger, condition: str, *, below: int, limit: int) -> tuple[int, ...]:
    query = (
        "SELECT v.idx FROM verdicts v JOIN completions c ON c.idx = v.idx "
        f"WHERE v.accepted = 1 AND v.idx < ? AND {condition} ORDER BY {_SPREAD} LIMIT ?"
    )
    return tuple(sorted(index for (index,) in ledger.connection.execute(query, (below, limit))))


def chosen_records(ledger: Ledger, chosen: Chosen) -> Iterator[dict[str, object]]:
    """The chosen samples one by one, rejected ones first."""
    groups = {"rejected": chosen.rejected, "false_accept": chosen.false_accepts, "accepted": chosen.accepted}
    for outcome, indexes in groups.items():
        for index in indexes:
            completion = ledger.completion(index)
            if completion is not None:
                yield {"outcome": outcome, **_judged(ledger, index), **_completed(completion)}


def _judged(ledger: Ledger, index: int) -> dict[str, object]:
    query = (
        "SELECT c.task_id, v.stage, v.assurance, v.reason, v.detail, v.counterexample, v.verdict "
        "FROM verdicts v JOIN completions c ON c.idx = v.idx WHERE v.idx = ?"
    )
    task_id, stage, assurance, reason, detail, counterexample, verdict = ledger.connection.execute(
        query, (index,)
    ).fetchone()
    checks = json.loads(verdict)["checks"] if verdict else []
    return {
        "task_id": task_id,
        "check": stage,
        "assurance": assurance,
        "reason": reason,
        "detail": _bounded(detail),
        "counterexample": _bounded(counterexample),
        "checks": [
            {**check, **{name: _bounded(check.get(name)) for name in ("detail", "counterexample")}} for check in checks
        ],
    }


def _completed(completion: Completion) -> dict[str, object]:
    """Where the completion comes from and its sources; the text as it is where it is no sample."""
    origin = {
        "index": completion.index,
        "topic": completion.topic,
        "difficulty": completion.difficulty,
        "style": completion.style,
        "fault": completion.fault,
        "model": completion.model,
    }
    sample = parse(completion)
    if isinstance(sample, Rejection):
        return {**origin, "raw": _bounded(completion.text)}
    texts = {
        name: _bounded(getattr(sample, name)) for name in ("prompt", "entry_point", "solution", "tests", "reference")
    }
    return {**origin, **texts, "contracts": sample.contracts.model_dump(mode="json")}


def _bounded(text: str | None) -> str | None:
    """The text, or its beginning and a sentence on the rest where it is too long for a page."""
    if text is None or len(text) <= MAX_FIELD_CHARS:
        return text
    return (
        f"{text[:MAX_FIELD_CHARS]}\n[the first {MAX_FIELD_CHARS:,} of {len(text):,} characters; run.db holds them all]"
    )
