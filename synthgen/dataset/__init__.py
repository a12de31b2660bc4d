"""The folder a run leaves: ledger, shards, manifest, data set card."""
