"""Pack records for the page: JSON, gzip, base64, in pieces, so that a report never holds its samples in memory."""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping

_GZIP = 31  # zlib's code for a gzip header, which carries no date: the same records give the same bytes
_PIECE_BYTES = 48 * 1024  # a multiple of three: base64 of the pieces joins without padding in between


def packed(records: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Base64 text of the gzip of one JSON array. Base64 holds no `<`, so no record can end the element around it."""
    waiting = bytearray()
    for block in _compressed(records):
        waiting += block
        whole = len(waiting) - len(waiting) % _PIECE_BYTES
        if whole:
            yield base64.b64encode(waiting[:whole]).decode("ascii")
            del waiting[:whole]
    yield base64.b64encode(waiting).decode("ascii")


def _compressed(records: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    compressor = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    yield compressor.compress(b"[")
    separator = ""
    for record in records:
        # ASCII only: a lone surrogate cannot be encoded otherwise
        yield compressor.compress((separator + json.dumps(record, ensure_ascii=True)).encode("ascii"))
        separator = ","
    yield compressor.compress(b"]") + compressor.flush()
