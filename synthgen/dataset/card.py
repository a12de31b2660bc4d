"""The data set card: `README.md` of a run's folder, with the header that `load_dataset(DIR)` reads.

It is made from the manifest's rows, figures and identity only, so it holds no date and is the same for the same data.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthgen.dataset.manifest import write_whole
from synthgen.dataset.schema import ACCEPTED_COLUMNS, REJECTED_COLUMNS, Column

FILE_NAME = "README.md"

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)

_MEANING = {
    "tested": "it passed its own example tests.",
    "property_tested": "its properties and contracts also held on generated inputs.",
    "cross_checked": "an independent solution also agreed with it on generated inputs.",
    "symbolic": "symbolic execution also found no counterexample within its budget; that is no proof.",
    "proved": "symbolic execution confirmed its contracts over all paths; it proves the contracts, not the statement.",
}

_HONESTY = """\
"Verified" means that the solution passed the checks listed in `checks`, run in a sandbox outside the solution's own
process. It is evidence, and `assurance` says how much:

{meanings}

Tests, contracts and statement come from one generator: where that misunderstands a problem, all of them may agree on the
wrong thing. The tests are not complete, and nothing is said about speed, style or security of the code. Rows with a
`fault` carry a deliberately planted error; one among the accepted rows is a known mistake of the verifier, or a fault that
changes nothing.
"""


def card(manifest: Mapping[str, Any]) -> str:
    """The text of the card."""
    return "\n".join(
        (
            _header(manifest["rows"]),
            "# Verified Python programming problems\n",
            f"{manifest['rows']['accepted']:,} accepted samples and {manifest['rows']['rejected']:,} rejected ones, each with",
            "what the verifier found. Made with `synthgen produce`.\n",
            "## Load it\n",
            _LOADING,
            "## What verified means\n",
            _HONESTY.format(meanings="\n".join(f"- `{name}`: {text}" for name, text in _MEANING.items())),
            "## Counts\n",
            _counts(manifest["figures"]),
            "## Columns of the accepted samples\n",
            _columns(ACCEPTED_COLUMNS),
            "## Columns of the rejected samples\n",
            "Columns of the sample are null where the completion could not be parsed.\n",
            _columns(REJECTED_COLUMNS),
            "## Where it comes from\n",
            _provenance(manifest["identity"]),
        )
    )


def write_card(directory: Path, manifest: Mapping[str, Any]) -> Path:
    """Write `README.md`."""
    path = directory / FILE_NAME
    write_whole(path, card(manifest))
    return path


_LOADING = """\
```python
from datasets import load_dataset

accepted = load_dataset("DIR", "accepted", split="train")
rejected = load_dataset("DIR", "rejected", split="train")
accepted = load_dataset("parquet", data_files="DIR/accepted/*.parquet", split="train")
```

`DIR` is this folder. `manifest.json` lists every shard with its rows and SHA-256; `run.db` (SQLite) holds every completion
and verdict with its timings; `report.html` shows each rejected sample with the reason.
"""


def _header(rows: Mapping[str, int]) -> str:
    size = next((name for limit, name in _SIZES if rows["accepted"] < limit), "n>10M")
    # `load_dataset` refuses a split without rows, so an empty kind is not offered; its typed shard is there all the same
    kinds = [kind for kind in ("accepted", "rejected") if rows[kind]]
    configs = "".join(_CONFIG.format(kind=kind, default=str(kind == kinds[0]).lower()) for kind in kinds)
    return f"""\
---
license: apache-2.0
language:
- en
task_categories:
- text-generation
tags:
- code
- python
- synthetic
size_categories:
- {size}
{"configs:" if kinds else "configs: []"}
{configs}---
"""


_CONFIG = """\
- config_name: {kind}
  default: {default}
  data_files:
  - split: train
    path: {kind}/*.parquet
"""


def _counts(figures: Mapping[str, Any]) -> str:
    lines = ["| outcome | samples |", "| --- | ---: |", f"| attempted | {figures['attempted']:,} |"]
    lines += [f"| accepted: {name or 'no assurance'} | {count:,} |" for name, count in figures["assurances"].items()]
    lines += [f"| rejected by {each['stage']}: {each['reason']} | {each['count']:,} |" for each in figures["refusals"]]
    if figures["set_aside"]:
        lines.append(f"| set aside: could not be judged | {figures['set_aside']:,} |")
    if figures["faults"]:
        faults = figures["faults"]
        lines.append(
            f"| planted faults that were judged, of these accepted | {faults['planted']:,}, {faults['planted_accepted']:,} |"
        )
        lines.append(
            f"| clean samples that were judged, of these rejected | {faults['clean']:,}, {faults['clean_rejected']:,} |"
        )
    return "\n".join(lines) + "\n"


def _columns(columns: tuple[Column, ...]) -> str:
    lines = ["| column | type | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{column.name}` | {column.kind} | {column.meaning} |" for column in columns]
    return "\n".join(lines) + "\n"


def _provenance(identity: Mapping[str, str]) -> str:
    lines = ["The rows depend on these values and on nothing else:\n", "| what | value |", "| --- | --- |"]
    lines += [f"| {name.removeprefix('the ')} | `{value}` |" for name, value in identity.items()]
    return "\n".join(lines) + "\n"
