"""Which samples the page carries, and what of each."""

import base64
import gzip
import json
from collections import Counter
from pathlib import Path

from synthgen.completion import Rejection
from synthgen.dataset.ledger import FILE_NAME, open_ledger
from synthgen.report.payload import packed
from synthgen.report.records import MAX_FIELD_CHARS, choose, chosen_records
from tests.synthgen.report.runs import completion, ordinary, refuted, write_run
from verifier.verdict import Check, Reason


def test_all_rejects_are_chosen_within_the_bounds(tmp_path: Path) -> None:
    """A run of ordinary size loses no reject, and its accepted samples are bounded."""
    directory = write_run(tmp_path / "run", (ordinary(index) for index in range(300)))
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        chosen = choose(ledger, below=300)
        assert len(chosen.rejected) == ledger.count(accepted=False, below=300)
        assert len(chosen.accepted) == 100
        assert chosen.left_out == {}
        false_accepts = {
            record["task_id"] for record in chosen_records(ledger, chosen) if record["outcome"] == "false_accept"
        }
        assert false_accepts == {"compositional/113", "compositional/233"}


def test_beyond_the_bounds_every_reason_keeps_a_share(tmp_path: Path) -> None:
    """With room for eight rejects, rare reasons are all there, and what is left out is counted by reason."""
    common = [
        (completion(i), refuted(i, check=Check.EXAMPLES, reason=Reason.EXAMPLE_FAILED, detail="no")) for i in range(40)
    ]
    rare = [(completion(40), refuted(40, check=Check.STATIC, reason=Reason.SYNTAX_ERROR))]
    directory = write_run(tmp_path / "run", [*common, *rare])
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        chosen = choose(ledger, below=41, max_rejects=8)
        reasons = Counter(record["reason"] for record in chosen_records(ledger, chosen))
        assert reasons == {"example_failed": 7, "syntax_error": 1}
        assert chosen.left_out == {"example_failed": 33}
        assert max(chosen.rejected[:7]) - min(chosen.rejected[:7]) > 20, "they should be spread over the run"


def test_one_huge_reject_does_not_keep_the_others_out(tmp_path: Path) -> None:
    """A reject that alone is over the bound on bytes is left out; the small ones stay."""
    huge = completion(0, text="x" * 50_000), Rejection(stage="parse", reason=Reason.UNPARSABLE, detail="not JSON")
    small = [(completion(i), refuted(i, check=Check.EXAMPLES, reason=Reason.EXAMPLE_FAILED)) for i in (1, 2)]
    directory = write_run(tmp_path / "run", [huge, *small])
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        chosen = choose(ledger, below=3, max_bytes=20_000)
        assert chosen.rejected == (1, 2)
        assert chosen.left_out == {"unparsable": 1}


def test_samples_outside_the_data_set_are_not_shown(tmp_path: Path) -> None:
    """Indexes from `below` on belong to no shard, so they are not in the page."""
    directory = write_run(tmp_path / "run", (ordinary(index) for index in range(60)))
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        records = list(chosen_records(ledger, choose(ledger, below=24)))
    assert {record["index"] for record in records} == set(range(24))


def test_a_text_that_is_no_sample_is_kept_as_it_is(tmp_path: Path) -> None:
    """An unparsable completion is carried raw, cut at a documented length with a sentence that says so."""
    text = "Sure! Here is your problem:\n```python\n" + "y" * MAX_FIELD_CHARS
    rejection = Rejection(stage="parse", reason=Reason.UNPARSABLE, detail="the text is not JSON")
    directory = write_run(tmp_path / "run", [(completion(0, text=text), rejection)])
    with open_ledger(directory / FILE_NAME, read_only=True) as ledger:
        (record,) = chosen_records(ledger, choose(ledger, below=1))
    raw = str(record["raw"])
    assert raw.startswith(text[:1000])
    assert raw.endswith(f"[the first 1,000,000 of {len(text):,} characters; run.db holds them all]")
    assert "solution" not in record


def test_packing_and_unpacking_gives_the_records_back() -> None:
    """Base64 of gzip of JSON, whatever the records hold; the text has no character that HTML knows."""
    records: list[dict[str, object]] = [{"text": "</script>\u202e\ud800" + "x" * 200_000}, {"text": None}]
    text = "".join(packed(records))
    assert json.loads(gzip.decompress(base64.b64decode(text, validate=True))) == records
    assert not set(text) & set("<>&\"'")
    assert "".join(packed([])) == "".join(packed(iter([])))
