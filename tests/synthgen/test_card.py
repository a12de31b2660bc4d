"""The data set card: what `load_dataset(DIR)` needs, and what a reader should know."""

from pathlib import Path

import pytest
from datasets import load_dataset

from synthgen.dataset.card import card
from synthgen.dataset.manifest import read_manifest
from synthgen.dataset.schema import ACCEPTED_COLUMNS, REJECTED_COLUMNS
from tests.synthgen.doubles import run_small
from verifier.verdict import Assurance


def test_load_dataset_opens_the_folder_by_its_card(tmp_path: Path) -> None:
    """The folder alone gives the accepted samples; the configuration's name gives either kind."""
    run_small(tmp_path / "run", 30)
    cache = str(tmp_path / "cache")
    assert len(load_dataset(str(tmp_path / "run"), split="train", cache_dir=cache)) == 30
    manifest = read_manifest(tmp_path / "run")
    assert manifest is not None
    rejected = load_dataset(str(tmp_path / "run"), "rejected", split="train", cache_dir=cache)
    assert len(rejected) == manifest["rows"]["rejected"]


def test_the_card_documents_every_column_and_every_assurance(tmp_path: Path) -> None:
    """Nothing in the shards is left unexplained."""
    run_small(tmp_path, 10)
    text = (tmp_path / "README.md").read_text()
    for name in [
        *(column.name for column in (*ACCEPTED_COLUMNS, *REJECTED_COLUMNS)),
        *(each.value for each in Assurance),
    ]:
        assert f"`{name}`" in text


def test_the_card_is_the_same_for_the_same_data(tmp_path: Path) -> None:
    """Two folders made alike have the same card: it holds no date and no place."""
    run_small(tmp_path / "a", 10, workers=1)
    run_small(tmp_path / "b", 10, workers=4)
    assert (tmp_path / "a/README.md").read_text() == (tmp_path / "b/README.md").read_text()


@pytest.mark.parametrize(
    ("rows", "size"), [(999, "n<1K"), (1_000, "1K<n<10K"), (100_000, "100K<n<1M"), (10**8, "n>10M")]
)
def test_the_size_category_follows_the_rows(tmp_path: Path, rows: int, size: str) -> None:
    """Limits belong to the larger category."""
    run_small(tmp_path, 3)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert f"- {size}\n" in card({**manifest, "rows": {"accepted": rows, "rejected": 0}})


def test_a_kind_without_rows_is_not_offered(tmp_path: Path) -> None:
    """The usual loader refuses an empty split, so the card does not promise one."""
    run_small(tmp_path, 2)
    text = (tmp_path / "README.md").read_text()
    assert "config_name: accepted" in text
    assert "config_name: rejected" not in text
