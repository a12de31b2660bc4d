"""Parquet shards: typed, whole, the same bytes, and loadable with the usual tool."""

from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from datasets import load_dataset

from synthgen.dataset.ledger import open_ledger
from synthgen.dataset.schema import ACCEPTED_COLUMNS, REJECTED_COLUMNS
from synthgen.dataset.shards import ShardsDisagree, write_shards
from tests.synthgen.doubles import SmallEngine, run_small, shard_bytes


def test_shards_hold_a_fixed_number_of_rows_and_the_last_one_the_rest(tmp_path: Path) -> None:
    """50 rows at 20 a shard are 20, 20 and 10."""
    run_small(tmp_path, 50, shard_rows=20)
    rows = {path.name: parquet.read_metadata(path).num_rows for path in sorted((tmp_path / "accepted").iterdir())}
    assert rows == {
        "accepted-00000.parquet": 20,
        "accepted-00001.parquet": 20,
        "accepted-00002.parquet": 10,
    }


def test_a_count_that_fills_its_shards_leaves_no_empty_one(tmp_path: Path) -> None:
    """40 rows at 20 a shard are two files."""
    run_small(tmp_path, 40, shard_rows=20)
    assert len(list((tmp_path / "accepted").iterdir())) == 2


def test_columns_are_those_of_the_schema_in_its_order(tmp_path: Path) -> None:
    """The card documents exactly what the files have."""
    run_small(tmp_path, 20)
    accepted = parquet.read_schema(tmp_path / "accepted/accepted-00000.parquet").names
    rejected = parquet.read_schema(tmp_path / "rejected/rejected-00000.parquet").names
    assert accepted == [column.name for column in ACCEPTED_COLUMNS]
    assert rejected == [column.name for column in REJECTED_COLUMNS]


def test_an_accepted_row_has_the_sample_its_evidence_and_where_it_comes_from(tmp_path: Path) -> None:
    """A row is the sample as it was judged."""
    run_small(tmp_path, 20)
    row = parquet.read_table(tmp_path / "accepted/accepted-00000.parquet").to_pylist()[0]
    assert row["task_id"] == "small/0"
    assert row["contracts"] == {"pre": ["n >= 0"], "post": [], "raises": []}
    assert row["assurance"] == "property_tested"
    assert row["checks"] == [
        {"check": "examples", "status": "passed", "reason": None, "detail": "", "counterexample": None}
    ]
    assert (row["engine"], row["engine_version"], row["difficulty"], row["fault"]) == ("small", "1", 1, None)


def test_an_unparsable_completion_is_a_rejected_row_with_its_text(tmp_path: Path) -> None:
    """Where there is no sample its columns are null, and the text says why."""
    run_small(tmp_path, 20)
    rows = parquet.read_table(tmp_path / "rejected/rejected-00000.parquet").to_pylist()
    row = next(row for row in rows if row["reason"] == "unparsable")
    assert row["task_id"] == "small/3"
    assert row["solution"] is None
    assert row["contracts"] is None
    assert row["completion"] == SmallEngine().complete(3).text
    assert row["stage"] == "parse"


@pytest.mark.parametrize("kind", ["accepted", "rejected"])
def test_load_dataset_opens_the_shards(tmp_path: Path, kind: str) -> None:
    """Both kinds load by their files, as the documentation says."""
    run_small(tmp_path / "run", 50)
    files = str(tmp_path / "run" / kind / "*.parquet")
    loaded = load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert len(loaded) == sum(parquet.read_metadata(path).num_rows for path in (tmp_path / "run" / kind).iterdir())


def test_without_rejected_rows_there_is_an_empty_typed_shard(tmp_path: Path) -> None:
    """A run that refused nothing still has both kinds of files, and a reader of the empty one sees its columns."""
    run_small(tmp_path / "run", 2)
    table = parquet.read_table(tmp_path / "run/rejected/rejected-00000.parquet")
    assert table.num_rows == 0
    assert table.column_names == [column.name for column in REJECTED_COLUMNS]
    assert len(load_dataset(str(tmp_path / "run"), split="train", cache_dir=str(tmp_path / "cache"))) == 2


def test_writing_again_gives_the_same_bytes_and_removes_what_is_stale(tmp_path: Path) -> None:
    """Files of another writing, and halves of files, do not stay."""
    run_small(tmp_path, 50)
    before = shard_bytes(tmp_path)
    (tmp_path / "accepted/accepted-00007.parquet").write_bytes(b"of a larger run")
    (tmp_path / "accepted/accepted-00001.partial").write_bytes(b"half a file")
    run_small(tmp_path, 50)
    assert shard_bytes(tmp_path) == before


def test_a_writer_that_loses_rows_is_found_out(tmp_path: Path) -> None:
    """The rows on disk are counted against the ledger."""
    run_small(tmp_path, 30)
    with open_ledger(tmp_path / "run.db") as ledger:
        # a verdict whose completion is gone is counted, but has no row
        ledger.connection.execute("DELETE FROM completions WHERE idx = 0")
        with pytest.raises(ShardsDisagree, match="holds 29 rows, but the ledger has 30 accepted samples"):
            write_shards(tmp_path, ledger, below=10_000, shard_rows=20)
