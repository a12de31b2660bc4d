"""The closed set of plain values and its encoding, both directions, bounded.

Only exact built-in types cross between driver and guest: None, bool, int, float, complex, str, bytes, list, tuple, set,
frozenset and dict. The encoding is JSON with one-key tag objects for what JSON lacks, so that parsing untrusted bytes is
the standard library's C scanner and a hook that builds nothing but those types; there is no pickle and no marshal.

What this file does not do: keep identity. Two references to one list arrive as two lists.
"""

import json
from collections.abc import Callable
from typing import Any

MAX_FRAME_BYTES = 4_000_000
MAX_DEPTH = 100
MAX_LENGTH = 1_000_000
# Integers that hash alike make set and dict building quadratic; honest data never has half its hashes equal.
COLLISION_CHECK_LENGTH = 1_000

HEADER_BYTES = 4


class NonPlainValue(Exception):
    """A value of a type outside the closed set; the message names the type and where it stands."""


class ValueTooLarge(Exception):
    """A value beyond the bounds on depth, length or bytes."""


class ProtocolError(Exception):
    """Bytes that are not a message of ours."""


_SCALARS = frozenset({int, float, str, bool, type(None)})


def encode(value: object) -> bytes:
    """The frame's payload for one plain value.

    Raises NonPlainValue or ValueTooLarge; whose fault that is depends on which side encodes.
    """
    try:
        text = _dumps(_to_json(value, MAX_DEPTH))
    except ValueError:  # an integer of more digits than CPython prints: spell those in hexadecimal
        text = _dumps(_to_json(_spell_long_integers(value), MAX_DEPTH))
    except RecursionError:
        raise ValueTooLarge(f"nested deeper than {MAX_DEPTH}") from None
    # JSON's escapes would join two surrogates into the character they spell together; so nothing is escaped
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_FRAME_BYTES:
        raise ValueTooLarge(f"{len(data)} bytes encoded, more than {MAX_FRAME_BYTES}")
    return data


def decode(data: bytes) -> Any:
    """The plain value in a frame's payload. Raises ProtocolError on bytes no honest encoder makes, ValueTooLarge on bombs."""
    try:
        return json.loads(data.decode("utf-8", "surrogatepass"), object_hook=_from_tag)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ProtocolError(f"undecodable bytes: {type(error).__name__}") from None


_dumps = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


class _LongInteger:
    def __init__(self, digits: str) -> None:
        self.digits = digits


def _to_json(value: object, depth: int) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    if depth <= 0:
        raise ValueTooLarge(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, list | tuple | set | frozenset | dict) and len(value) > MAX_LENGTH:
        raise ValueTooLarge(f"a {kind.__name__} of {len(value)} items, more than {MAX_LENGTH}")
    if kind is list:
        return _items(value, depth)
    if kind is dict:
        pairs: list[object] = []
        for key, item in value.items():  # type: ignore[attr-defined]
            pairs += (key, item)
        return {"d": _items(pairs, depth)}
    tag = _TAGS.get(kind)
    if tag is not None:
        return {tag: _items(value, depth)}
    if kind is bytes:
        return {"b": value.decode("latin-1")}  # type: ignore[attr-defined]
    if kind is complex:
        return {"c": [value.real, value.imag]}  # type: ignore[attr-defined]
    if kind is _LongInteger:
        return {"i": value.digits}  # type: ignore[attr-defined]
    raise NonPlainValue(f"a value of type {kind.__module__}.{kind.__qualname__}"[:300])


_TAGS: dict[type, str] = {tuple: "t", set: "s", frozenset: "z"}


def _items(values: Any, depth: int) -> list[Any]:
    if _SCALARS.issuperset(map(type, values)):
        return values if type(values) is list else list(values)
    return [_to_json(item, depth - 1) for item in values]


def _spell_long_integers(value: object, depth: int = MAX_DEPTH) -> object:
    if depth <= 0:
        raise ValueTooLarge(f"nested deeper than {MAX_DEPTH}")
    kind = type(value)
    if kind is int and abs(value) >> 64:  # type: ignore[arg-type]
        if value.bit_length() > 8 * MAX_FRAME_BYTES:  # type: ignore[attr-defined]
            raise ValueTooLarge(f"an integer of {value.bit_length()} bits")  # type: ignore[attr-defined]
        return _LongInteger(hex(value))  # type: ignore[arg-type]
    if kind is dict:
        return {
            _spell_long_integers(k, depth - 1): _spell_long_integers(v, depth - 1)
            for k, v in value.items()  # type: ignore[attr-defined]
        }
    if kind is list or kind in _TAGS:
        return kind(_spell_long_integers(item, depth - 1) for item in value)  # type: ignore[call-arg, attr-defined]
    return value


def _from_tag(tagged: dict[str, Any]) -> Any:
    if len(tagged) != 1:
        raise ProtocolError("a tag object with other than one key")
    ((tag, body),) = tagged.items()
    return _BUILDERS[tag](body)


def _listed(body: Any) -> list[Any]:
    if type(body) is not list:
        raise ProtocolError("a tag whose body is not a list")
    return body


def _refuse_collisions(items: list[Any]) -> list[Any]:
    if len(items) > COLLISION_CHECK_LENGTH and len(set(map(hash, items))) * 2 < len(items):
        raise ValueTooLarge(f"{len(items)} members that share hashes")
    return items


def _build_dict(body: Any) -> dict[Any, Any]:
    items = _listed(body)
    if len(items) % 2:
        raise ProtocolError("a dict with a key and no value")
    return dict(zip(_refuse_collisions(items[::2]), items[1::2], strict=True))


def _build_complex(body: Any) -> complex:
    real, imaginary = _listed(body)
    if type(real) is not float or type(imaginary) is not float:
        raise ProtocolError("a complex number without two floats")
    return complex(real, imaginary)


def _build_integer(body: Any) -> int:
    if type(body) is not str:
        raise ProtocolError("a long integer that is not spelled as text")
    return int(body, 16)


_BUILDERS: dict[str, Callable[[Any], Any]] = {
    "t": lambda body: tuple(_listed(body)),
    "s": lambda body: set(_refuse_collisions(_listed(body))),
    "z": lambda body: frozenset(_refuse_collisions(_listed(body))),
    "d": _build_dict,
    "b": lambda body: body.encode("latin-1"),
    "c": _build_complex,
    "i": _build_integer,
}


def frame(payload: bytes) -> bytes:
    """The payload with its length in front: 4 bytes, big-endian."""
    return len(payload).to_bytes(HEADER_BYTES, "big") + payload


def read_frame(receive: Callable[[int], bytes], *, limit: int = MAX_FRAME_BYTES) -> bytes | None:
    """The next payload from `receive` (a socket's `recv`), None at end of stream. Raises ProtocolError over `limit`."""
    header = _read_exactly(receive, HEADER_BYTES)
    if header is None:
        return None
    length = int.from_bytes(header, "big")
    if length > limit:
        raise ProtocolError(f"a frame of {length} bytes, more than {limit}")
    return _read_exactly(receive, length) if length else b""


def _read_exactly(receive: Callable[[int], bytes], count: int) -> bytes | None:
    chunk = receive(count)
    if len(chunk) == count:
        return chunk
    parts = [chunk]
    missing = count - len(chunk)
    while chunk and missing:
        chunk = receive(min(missing, 1 << 20))
        parts.append(chunk)
        missing -= len(chunk)
    return None if missing else b"".join(parts)
