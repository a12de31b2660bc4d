"""`manifest.json`: how a data set was made, and which files it has.

It is written last and removed before the shards are touched: where it lies, the shards beside it are whole and are those
it lists. What differs from run to run (dates, durations, the machine) is here and in `run.db`, never in the shards.
"""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from synthgen.dataset.ledger import Ledger
from synthgen.dataset.shards import Shard
from synthgen.funnel import Funnel

FILE_NAME = "manifest.json"
FORMAT_VERSION = 1
_PACKAGES = ("hypothesis", "crosshair-tool", "pyarrow", "docker", "pydantic")


def manifest_of(
    ledger: Ledger,
    *,
    funnel: Funnel,
    shards: tuple[Shard, ...],
    options: Mapping[str, object],
    identity: Mapping[str, str],
    facts: Mapping[str, object],
    below: int,
) -> dict[str, Any]:
    """The manifest as JSON values. below is the first index that the data set leaves out; facts are the caller's own."""
    sessions = ledger.connection.execute("SELECT started_at, ended_at, ended FROM sessions ORDER BY id").fetchall()
    sums = ledger.connection.execute(
        "SELECT (SELECT COALESCE(SUM(generated_s), 0) FROM completions WHERE idx < ?1), "
        "(SELECT COALESCE(SUM(wall_s), 0) FROM verdicts WHERE idx < ?1)",
        (below,),
    ).fetchone()
    rows = {
        kind: sum(shard.rows for shard in shards if shard.path.startswith(kind)) for kind in ("accepted", "rejected")
    }
    return {
        "format_version": FORMAT_VERSION,
        "rows": rows,
        "below": below,
        "figures": funnel.as_json(),
        "options": dict(options),
        "identity": dict(identity),
        "versions": {"synthgen": _version("synthgen-lab"), "python": platform.python_version(), **_versions()},
        "facts": dict(facts),
        "machine": {
            "system": platform.platform(),
            "architecture": platform.machine(),
            "cpus": len(os.sched_getaffinity(0)),
            "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        },
        "started": _date(sessions[0][0]) if sessions else None,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "sessions": [
            {"started": _date(started), "ended": _date(ended) if ended else None, "how": how or "killed"}
            for started, ended, how in sessions
        ],
        "generated_s": round(sums[0], 3),
        "judged_s": round(sums[1], 3),
        "shards": [asdict(shard) for shard in shards],
    }


def write_manifest(directory: Path, manifest: Mapping[str, Any]) -> Path:
    """Write `manifest.json` so that it is there whole or not at all."""
    path = directory / FILE_NAME
    write_whole(path, json.dumps(manifest, indent=2, sort_keys=False) + "\n")
    return path


def remove_manifest(directory: Path) -> None:
    """Say that the shards are about to change."""
    (directory / FILE_NAME).unlink(missing_ok=True)


def read_manifest(directory: Path) -> dict[str, Any] | None:
    """The manifest of a finished data set, or None where there is none."""
    try:
        text = (directory / FILE_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    manifest = json.loads(text)
    assert isinstance(manifest, dict)
    return manifest


def write_whole(path: Path, text: str) -> None:
    """Write a small text file under a temporary name, force it to disk, then give it its name."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _versions() -> dict[str, str]:
    return {name: _version(name) for name in _PACKAGES}


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _date(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")
