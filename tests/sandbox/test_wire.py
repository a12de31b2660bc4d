"""The wire: what crosses between driver and guest, and that nothing else ever comes out of a decoder."""

import enum
import json
import math
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox import wire

PLAIN_TYPES = frozenset({type(None), bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict})

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers().map(lambda number: number * 10**4400),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=8),
    st.characters(categories=["Cs"]),
    st.binary(max_size=8),
)
hashables = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4).map(tuple), st.frozensets(inner, max_size=4)),
    max_leaves=6,
)
values = st.recursive(
    st.one_of(scalars, st.sets(hashables, max_size=4), hashables),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(hashables, inner, max_size=4),
    ),
    max_leaves=12,
)


def fingerprint(value: Any) -> Any:
    """A text that tells values apart by type, sign of zero and members; sets and dicts in any order."""
    kind = type(value)
    assert kind in PLAIN_TYPES, f"{kind} is not plain"
    if kind in (list, tuple):
        return f"{kind.__name__}[{','.join(map(fingerprint, value))}]"
    if kind in (set, frozenset):
        return f"{kind.__name__}[{','.join(sorted(map(fingerprint, value)))}]"
    if kind is dict:
        return f"dict[{','.join(sorted(fingerprint(key) + ':' + fingerprint(item) for key, item in value.items()))}]"
    if kind is int:
        return f"int {value:x}"
    return f"{kind.__name__} {value!r}"


@settings(max_examples=150, deadline=None)
@given(values)
@example([math.nan, -0.0, 0.0, math.inf, complex(-0.0, math.nan)])
@example({frozenset({1, (True, 1.0)}): b"\xff", (): "\ud800"})
@example([True, 1, 1.0, False, 0, -(10**5000)])
@example({"d": [1], "t": 0, "i": "ff"})
def test_every_plain_value_comes_back_as_it_was(value: Any) -> None:
    """Type, sign of zero, NaN, huge integers, lone surrogates and bytes survive the round trip at every level."""
    assert fingerprint(wire.decode(wire.encode(value))) == fingerprint(value)


@settings(max_examples=50, deadline=None)
@given(values)
def test_what_was_decoded_encodes_again_to_an_equal_value(value: Any) -> None:
    """A decoded value is itself plain: it crosses a second time unchanged."""
    once = wire.decode(wire.encode(value))
    assert fingerprint(wire.decode(wire.encode(once))) == fingerprint(once)


def test_two_surrogates_stay_two() -> None:
    """A high surrogate before a low one is two characters, and does not become the one that UTF-16 would read."""
    assert wire.decode(wire.encode("\ud83d\ude00")) == "\ud83d\ude00"
    assert wire.decode(wire.encode("\U0001f600")) == "\U0001f600"


def test_dicts_keep_their_order() -> None:
    """The order of a dict's items is part of what a test can see."""
    assert list(wire.decode(wire.encode({"b": 1, "a": 2, 0: 3}))) == ["b", "a", 0]


Point = namedtuple("Point", "x y")


class _Colour(enum.IntEnum):
    RED = 1


def _subclass(kind: type) -> type:
    return type(f"My{kind.__name__}", (kind,), {})


def _generator() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    "value",
    [
        *(_subclass(kind)() for kind in (int, float, complex, str, bytes, list, tuple, set, frozenset, dict)),
        _Colour.RED,
        OrderedDict(),
        defaultdict(int),
        Counter("ab"),
        Point(1, 2),
        bytearray(b"a"),
        memoryview(b"a"),
        range(3),
        {}.keys(),
        (number for number in (1,)),
        _generator,
        lambda: 0,
        object(),
        object,
        NotImplemented,
        Ellipsis,
        ValueError("x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_else_is_converted(value: object) -> None:
    """Every subclass of a built-in type and every other object is refused, at the top and deep inside."""
    for holder in (value, [value], {"key": (value,)}):
        with pytest.raises(wire.NonPlainValue, match="a value of type"):
            wire.encode(holder)


def test_a_refusal_names_the_type() -> None:
    """The message tells the reader which type was met."""
    with pytest.raises(wire.NonPlainValue, match=r"builtins\.bytearray"):
        wire.encode([bytearray(b"a")])


def _nested(depth: int, wrap: Callable[[object], object]) -> object:
    value: object = 0
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "wrap",
    [lambda v: [v], lambda v: (v,), lambda v: {0: v}, lambda v: frozenset({v})],
    ids=["list", "tuple", "dict", "set"],
)
@pytest.mark.parametrize("leaf", [0, 10**5000], ids=["short", "long integer"])
def test_depth_is_bounded(wrap: Callable[[object], object], leaf: int) -> None:
    """A value nested deeper than the bound is refused by name, far below what would exhaust the stack, or above."""
    wire.encode(_nested(wire.MAX_DEPTH - 1, wrap))
    for depth in (wire.MAX_DEPTH + 2, 5_000):
        nested = _nested(depth, wrap)
        with pytest.raises(wire.ValueTooLarge, match="nested deeper than 100"):
            wire.encode([leaf, nested])


def test_cycles_are_too_large() -> None:
    """A list or dict that holds itself ends at the depth bound."""
    ring: list[object] = []
    ring.append(ring)
    table: dict[str, object] = {}
    table["self"] = table
    for cyclic in (ring, table, [ring, 10**5000]):
        with pytest.raises(wire.ValueTooLarge):
            wire.encode(cyclic)


def test_length_and_bytes_are_bounded() -> None:
    """A container over a million items, and a value over four million bytes, are refused with their size."""
    with pytest.raises(wire.ValueTooLarge, match="a list of 1000001 items, more than 1000000"):
        wire.encode([0] * (wire.MAX_LENGTH + 1))
    with pytest.raises(wire.ValueTooLarge, match="bytes encoded, more than 4000000"):
        wire.encode("x" * (wire.MAX_FRAME_BYTES + 1))
    with pytest.raises(wire.ValueTooLarge):
        wire.encode(1 << (8 * wire.MAX_FRAME_BYTES + 1))


def test_shared_references_arrive_apart() -> None:
    """Two references to one list become two lists, and an exponential tree of references is bounded by its bytes."""
    inner: list[int] = []
    left, right = wire.decode(wire.encode([inner, inner]))
    assert left is not right
    tree: object = 0
    for _ in range(22):
        tree = [tree, tree]
    with pytest.raises(wire.ValueTooLarge):
        wire.encode(tree)


tagged: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        scalars.filter(lambda v: type(v) in (bool, int, float, str, type(None)) and not _is_long(v)), st.just([])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from("tszdbcixq") | st.text(max_size=2), inner, max_size=2),
    ),
    max_leaves=10,
)


def _is_long(value: object) -> bool:
    return type(value) is int and abs(value) > 10**4000


def _assert_decodes_or_is_refused(data: bytes) -> None:
    try:
        decoded = wire.decode(data)
    except (wire.ProtocolError, wire.ValueTooLarge):
        return
    fingerprint(decoded)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=64))
@example(b"\xff\xfe[\x001\x00]\x00")
@example(b"")
@example(b"1" * 5_000)
@example(b'{"i":"1_0"}')
@example(b'{"b":"\\u20ac"}')
def test_random_bytes_are_plain_values_or_refused(data: bytes) -> None:
    """Whatever bytes arrive, the decoder gives exact built-in types or raises one of its own two errors."""
    _assert_decodes_or_is_refused(data)


@settings(max_examples=200, deadline=None)
@given(tagged)
@example({"s": [[1]]})
@example({"z": [{"d": []}]})
@example({"d": [1]})
@example({"d": [[], 1]})
@example({"c": [1, 2]})
@example({"c": [0.5]})
@example({"i": "zz"})
@example({"i": 3})
@example({"b": 3})
@example({"t": 1})
@example({"t": [], "s": []})
@example({})
def test_forged_tags_are_plain_values_or_refused(forged: Any) -> None:
    """JSON that abuses the tags gives exact built-in types or is refused."""
    _assert_decodes_or_is_refused(json.dumps(forged).encode())


@settings(max_examples=80, deadline=None)
@given(values, st.data())
def test_damaged_messages_are_plain_values_or_refused(value: Any, data: st.DataObject) -> None:
    """A message of ours with one byte changed, or cut short, never gets past the decoder as anything else."""
    message = bytearray(wire.encode(value))
    place = data.draw(st.integers(0, len(message) - 1))
    message[place] = data.draw(st.integers(0, 255))
    _assert_decodes_or_is_refused(bytes(message))
    _assert_decodes_or_is_refused(bytes(message[:place]))


@pytest.mark.parametrize("opening", [b"[", b'{"t":[', b'{"z":[', b'{"d":[0,'], ids=["list", "tuple", "set", "dict"])
def test_brackets_without_end_are_refused(opening: bytes) -> None:
    """A hundred thousand opened brackets are an error of the protocol, not a crash of the judge."""
    with pytest.raises(wire.ProtocolError):
        wire.decode(opening * 100_000)


@pytest.mark.parametrize("tag", ["s", "z", "d"])
def test_hash_collision_bombs_are_refused(tag: str) -> None:
    """Twenty thousand integers of one hash would take the judge minutes to put into a set; they are refused."""
    modulus = (1 << 61) - 1
    colliding = [number * modulus for number in range(20_000)]
    body: list[int] = [part for number in colliding for part in (number, 0)] if tag == "d" else colliding
    with pytest.raises(wire.ValueTooLarge, match="20000 members that share hashes"):
        wire.decode(json.dumps({tag: body}).encode())


def test_honest_large_sets_pass_the_collision_check() -> None:
    """Sets and dicts of many ordinary members are no bombs."""
    numbers = set(range(-5_000, 5_000))
    assert wire.decode(wire.encode(numbers)) == numbers
    table = dict.fromkeys([(a, b) for a in range(60) for b in range(60)], 0.5)
    assert wire.decode(wire.encode(table)) == table


def _receiver(data: bytes, *, at_most: int) -> Callable[[int], bytes]:
    rest = bytearray(data)

    def receive(count: int) -> bytes:
        chunk = bytes(rest[: min(count, at_most)])
        del rest[: len(chunk)]
        return chunk

    return receive


@given(st.binary(max_size=40), st.integers(1, 7))
def test_frames_survive_short_reads(payload: bytes, at_most: int) -> None:
    """A frame is put together from however small pieces; after it the stream's end is None."""
    receive = _receiver(wire.frame(payload), at_most=at_most)
    assert wire.read_frame(receive) == payload
    assert wire.read_frame(receive) is None


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_cut_frame_is_the_end_of_the_stream(payload: bytes, data: st.DataObject) -> None:
    """A frame whose sender hung up in the middle is no frame."""
    whole = wire.frame(payload)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert wire.read_frame(_receiver(whole[:cut], at_most=3)) is None


def test_announced_lengths_are_bounded() -> None:
    """A length over the limit is refused before a byte of the payload is read; a length at the limit is taken."""
    with pytest.raises(wire.ProtocolError, match="a frame of 4294967295 bytes, more than 4000000"):
        wire.read_frame(_receiver(b"\xff\xff\xff\xff", at_most=4))
    assert wire.read_frame(_receiver(wire.frame(b"12345"), at_most=9), limit=5) == b"12345"
    with pytest.raises(wire.ProtocolError, match="a frame of 5 bytes, more than 4"):
        wire.read_frame(_receiver(wire.frame(b"12345"), at_most=9), limit=4)
