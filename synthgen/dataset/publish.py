"""From the ledger to the files that people load: shards, card, manifest, in that order."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from synthgen.dataset.card import write_card
from synthgen.dataset.ledger import Ledger
from synthgen.dataset.manifest import manifest_of, remove_manifest, write_manifest
from synthgen.dataset.shards import Shard, write_shards
from synthgen.funnel import Funnel, funnel_of
from synthgen.options import ProduceOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A written data set. below is the first index it leaves out; the target was missed where accepted is less than n."""

    directory: Path
    below: int
    funnel: Funnel
    shards: tuple[Shard, ...]


def publish(
    ledger: Ledger,
    *,
    options: ProduceOptions,
    identity: Mapping[str, str],
    facts: Mapping[str, object],
    below: int,
) -> Published:
    """Write the data set of the indexes less than `below`. Killed in between, it leaves no manifest, and is run again."""
    remove_manifest(options.out)
    shards = write_shards(options.out, ledger, below=below, shard_rows=options.shard_rows)
    funnel = funnel_of(ledger, below=below)
    manifest = manifest_of(
        ledger,
        funnel=funnel,
        shards=shards,
        options={name: str(value) if isinstance(value, Path) else value for name, value in asdict(options).items()},
        identity=identity,
        facts=facts,
        below=below,
    )
    write_card(options.out, manifest)
    ledger.set_meta({"below": below})
    write_manifest(options.out, manifest)
    return Published(directory=options.out, below=below, funnel=funnel, shards=shards)
