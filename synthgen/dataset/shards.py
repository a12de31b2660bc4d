"""Parquet shards of the accepted and the rejected samples, the same bytes for the same ledger.

Rows go in index order, a fixed number to a shard, through a buffer of one row group; a shard appears under its name only
when it is complete and on disk. An empty kind still gets one typed shard, so every folder loads.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthgen.dataset.ledger import Ledger
from synthgen.dataset.schema import ACCEPTED_COLUMNS, REJECTED_COLUMNS, arrow_schema, row

if TYPE_CHECKING:
    import pyarrow

ROW_GROUP_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One file: its path from the data set folder, its rows, its bytes and their SHA-256."""

    path: str
    rows: int
    size_bytes: int
    sha256: str


class ShardsDisagree(Exception):
    """The rows on disk are not those of the ledger: our writer is wrong."""


def write_shards(directory: Path, ledger: Ledger, *, below: int, shard_rows: int) -> tuple[Shard, ...]:
    """Write both kinds for the indexes less than `below`, remove shards of an earlier end, and count what is on disk."""
    shards = []
    for kind, accepted, columns in (("accepted", True, ACCEPTED_COLUMNS), ("rejected", False, REJECTED_COLUMNS)):
        rows = (row(record) for record in ledger.records(accepted=accepted, below=below))
        written = _write_kind(directory / kind, rows, schema=arrow_schema(columns), shard_rows=shard_rows, kind=kind)
        for stale in set((directory / kind).iterdir()) - {directory / shard.path for shard in written}:
            stale.unlink()
        expected = ledger.count(accepted=accepted, below=below)
        found = sum(_rows_on_disk(directory / shard.path) for shard in written)
        if not expected == found == sum(shard.rows for shard in written):
            raise ShardsDisagree(f"{directory / kind} holds {found} rows, but the ledger has {expected} {kind} samples")
        shards.extend(written)
    return tuple(shards)


def _write_kind(
    folder: Path, rows: Iterator[dict[str, Any]], *, schema: "pyarrow.Schema", shard_rows: int, kind: str
) -> list[Shard]:
    folder.mkdir(exist_ok=True)
    names = [column.name for column in schema]
    shards: list[Shard] = []
    while True:
        first = next(rows, None)
        if first is None and shards:
            return shards
        head = () if first is None else (first,)
        path = folder / f"{kind}-{len(shards):05d}.parquet"
        selected = ({name: each[name] for name in names} for each in chain(head, islice(rows, shard_rows - len(head))))
        shards.append(_write_shard(path, selected, schema=schema))
        if first is None:
            return shards


def _write_shard(path: Path, rows: Iterable[dict[str, Any]], *, schema: "pyarrow.Schema") -> Shard:
    """Write one file under a temporary name, force it to disk, then give it its name."""
    import pyarrow
    from pyarrow import parquet

    partial = path.with_suffix(".partial")
    count = 0
    iterator = iter(rows)
    try:
        with partial.open("wb") as file:
            with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
                while group := list(islice(iterator, ROW_GROUP_ROWS)):
                    writer.write_table(pyarrow.Table.from_pylist(group, schema=schema))
                    count += len(group)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    partial.replace(path)
    _sync_folder(path.parent)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size_bytes = path.stat().st_size
    return Shard(path=f"{path.parent.name}/{path.name}", rows=count, size_bytes=size_bytes, sha256=digest)


def _rows_on_disk(path: Path) -> int:
    from pyarrow import parquet

    return int(parquet.read_metadata(path).num_rows)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
