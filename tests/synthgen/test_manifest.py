"""The manifest agrees with the files, and is there only when they are whole."""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from synthgen.dataset.manifest import read_manifest, remove_manifest, write_manifest
from tests.synthgen.doubles import run_small


def test_the_manifest_lists_every_shard_with_its_rows_and_hash(tmp_path: Path) -> None:
    """What it says of a file is true of the file."""
    run_small(tmp_path, 50)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert {shard["path"] for shard in manifest["shards"]} == {
        str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*.parquet")
    }
    for shard in manifest["shards"]:
        path = tmp_path / shard["path"]
        assert shard["rows"] == parquet.read_metadata(path).num_rows
        assert shard["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert shard["size_bytes"] == path.stat().st_size


def test_counts_of_reasons_and_assurances_add_up_to_the_rows(tmp_path: Path) -> None:
    """Figures and rows are two views of one thing."""
    run_small(tmp_path, 50)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert sum(manifest["figures"]["assurances"].values()) == manifest["rows"]["accepted"] == 50
    assert sum(each["count"] for each in manifest["figures"]["refusals"]) == manifest["rows"]["rejected"]


def test_the_manifest_says_with_what_and_when_the_data_was_made(tmp_path: Path) -> None:
    """Options, identity, versions, machine and sessions are there."""
    run_small(tmp_path, 5)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert manifest["options"]["n"] == 5
    assert manifest["identity"]["the verifier's version"] == "v1"
    assert {"synthgen", "python", "hypothesis", "crosshair-tool", "pyarrow"} <= set(manifest["versions"])
    assert manifest["machine"]["cpus"] >= 1
    assert [session["how"] for session in manifest["sessions"]] == ["done"]


def test_there_is_no_manifest_while_the_shards_change(tmp_path: Path) -> None:
    """A manifest of an earlier end goes before its shards do."""
    run_small(tmp_path, 5)
    (tmp_path / "accepted/in-the-way").mkdir()  # removing what is stale fails on a folder
    with pytest.raises(OSError, match="in-the-way"):
        run_small(tmp_path, 8)
    assert read_manifest(tmp_path) is None


def test_a_manifest_is_written_whole_and_read_back(tmp_path: Path) -> None:
    """What is written is what is read; removing it twice is no error."""
    write_manifest(tmp_path, {"rows": {"accepted": 1}})
    assert read_manifest(tmp_path) == {"rows": {"accepted": 1}} == json.loads((tmp_path / "manifest.json").read_text())
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]
    remove_manifest(tmp_path)
    remove_manifest(tmp_path)
    assert read_manifest(tmp_path) is None
