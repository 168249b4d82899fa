"""Msgpack bodies as they are read."""

import struct
from contextlib import suppress

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import FacetError, InvalidEmbedding, InvalidRequest, TooLarge
from service.body.msgpack_codec import MAX_DEPTH, unpack

LIMIT = 1000
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def body(**entries: object) -> bytes:
    packed: bytes = msgpack.packb(entries)
    return packed


@given(JSON_VALUES)
def test_what_json_holds_comes_out_as_it_went_in(value: object) -> None:
    assert unpack(body(field=value, image=b"png"), 10**6) == ({"image": [b"png"]}, {"field": value})


def test_bytes_are_pictures_at_the_top_and_numbers_below() -> None:
    pictures, fields = unpack(
        body(image=[b"a", b"b" * 70000], other=b"", none=[], embedding={"pose": struct.pack("<3f", 1, -2, 0.5)}), LIMIT
    )
    assert pictures == {"image": [b"a", b"b" * 70000], "other": [b""]}
    assert fields == {"none": [], "embedding": {"pose": [1.0, -2.0, 0.5]}}


def nested(depth: int) -> object:
    return [nested(depth - 1)] if depth else 0


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", InvalidRequest),
        (b"\xc1", InvalidRequest),
        (b"no map", InvalidRequest),
        (msgpack.packb([1]), InvalidRequest),
        (body(a=1)[:-1], InvalidRequest),
        (body(a=1) + b"\x00", InvalidRequest),
        (b"\xdf\xff\xff\xff\xff", InvalidRequest),
        (b"\x81\xa1a\xdd\xff\xff\xff\xff", InvalidRequest),
        (b"\x82\xa1a\x01\xa1a\x02", InvalidRequest),
        (msgpack.packb({1: 2}), InvalidRequest),
        (msgpack.packb({"k" * 32: 2}), InvalidRequest),
        (b"\x81" + msgpack.packb(["key"]) + b"\x01", InvalidRequest),
        (b"\x81\xa1a\xa2\xff\xff", InvalidRequest),
        (body(a=msgpack.Timestamp(1)), InvalidRequest),
        (body(a={b"key": 1}), InvalidRequest),
        (body(a=float("nan")), InvalidRequest),
        (body(a=nested(MAX_DEPTH + 2)), InvalidRequest),
        (b"\x81\xa1a" + b"\x91" * 100_000, InvalidRequest),
        (body(a={"pose": b"123"}), InvalidEmbedding),
        (body(a={"pose": struct.pack("<f", float("inf"))}), InvalidEmbedding),
        (body(a="x" * LIMIT), TooLarge),
        (body(a="x" * (LIMIT // 2), b="x" * (LIMIT // 2)), TooLarge),
        (body(a=[b"", *[[]] * LIMIT]), TooLarge),
    ],
)
def test_what_is_no_such_map_is_refused(data: bytes, error: type[FacetError]) -> None:
    with pytest.raises(error):
        unpack(data, LIMIT)


@given(st.binary(max_size=200))
def test_no_bytes_do_worse(data: bytes) -> None:
    with suppress(InvalidRequest, InvalidEmbedding, TooLarge):
        unpack(b"\x81\xa1a" + data, LIMIT)
