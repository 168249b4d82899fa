from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gallery.query import Match, Query, Results, Term
from gallery.records import EnrolledFace
from model.attributes import EMBEDDING_SIZE, Attribute, normalized, part
from model.edits import Edit
from model.errors import FacetError, ImpossibleEdit
from worker.interface import Drawing, DrawnSet, Face, ModelInfo, Quality, Verification
from worker.queue.codec import pack, unpack
from worker.stimuli.continuum import Continuum

EMBEDDING = np.linspace(-1, 1, EMBEDDING_SIZE, dtype=np.float32)
VALID = normalized(EMBEDDING)
FOUND = EnrolledFace(
    "0199", 7, "ada", "default", "m-1", VALID, {"age": 30}, 0.5, datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
)
RECORDS = [
    Face((1.5, 2.0, 3.0, 4.0), 0.75, None, EMBEDDING, {"yaw": 0.1}, {"neutral": 1.0}, "m-1"),
    Face((1.5, 2.0, 3.0, 4.0), 0.75, ((0.0, 1.0), (2.0, 3.0)), EMBEDDING, {}, {}),
    Face((1.5, 2.0, 3.0, 4.0), 0.75, None, EMBEDDING, {}, {}, "m-1", Quality(0.5, 1.0, 1.0, 0.5, 1.0, None)),
    Quality(0.25, 1.0, 1.0, 0.5, 1.0, 0.5),
    Drawing(b"\x89PNG\x00\xff", EMBEDDING, input=None, ssim=0.5, model="m-1"),
    DrawnSet(["frame-001"], [Drawing(b"\x89PNG", EMBEDDING)], [{"amount": 0.5, "frame": 1, "expression": "anger"}]),
    Edit(Attribute.STYLE, source=EMBEDDING),
    Edit(Attribute.POSE, set={"yaw": 20.0}, amount=0.3),
    ModelInfo("m-1", 128, 64, "haar", {Attribute.EXPRESSION: ["happiness"]}, {"data": {"people": 3}}),
    Verification(True, 0.9, 0.5, {Attribute.POSE: 0.25}),
    Query(
        (Term(Attribute.STYLE, part(VALID, Attribute.STYLE), -0.5),),
        k=3,
        metadata={"age": 30},
        group_by="subject",
        min_quality=0.25,
        reference=VALID,
    ),
    Term(Attribute.POSE, part(VALID, Attribute.POSE)),
    FOUND,
    Match(FOUND, 0.5, 0.5, {Attribute.STYLE: 0.5}),
    Results([Match(FOUND, 0.5, 0.5, {})], searched=9),
]

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
)


def assert_same(one: Any, other: Any) -> None:
    """Equal, of the same types all the way down, arrays to the last bit."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    elif type(one) in {type(record) for record in RECORDS}:
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    else:
        assert one == other


@given(plain)
def test_plain_values_come_out_as_they_went_in(value: Any) -> None:
    assert_same(unpack(pack(value)), value)


@given(arrays.arrays(np.float32, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0)))
def test_arrays_come_out_bit_equal_and_writable(array: np.ndarray[Any, Any]) -> None:
    again = unpack(pack(array))
    assert_same(again, array)
    assert again.flags.writeable


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_records_come_out_as_they_went_in(record: Any) -> None:
    assert_same(unpack(pack([record])), [record])


def test_a_kind_of_set_stays_what_it_is() -> None:
    kind = Continuum(start=VALID, end=VALID[::-1], steps=5, attributes=(Attribute.STYLE,))
    [again] = unpack(pack([kind]))
    assert isinstance(again, Continuum)
    assert_same(dict(again), dict(kind))


def test_an_attribute_stays_one() -> None:
    assert [type(key) for key in unpack(pack({Attribute.POSE: 1}))] == [Attribute]


@pytest.mark.parametrize("kind", FacetError._by_code.values(), ids=lambda kind: kind.code)
def test_domain_errors_keep_their_kind_and_details(kind: type[FacetError]) -> None:
    error = unpack(pack(kind("Do this.", limit=3, names=["a"])))
    assert type(error) is kind
    assert (error.message, error.details) == ("Do this.", {"limit": 3, "names": ["a"]})


@pytest.mark.parametrize("value", [np.float64(1.0), np.zeros(3), object(), {1, 2}, ValueError("x")])
def test_what_could_not_come_back_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        pack([value])


def test_half_a_message_is_no_message() -> None:
    with pytest.raises(ValueError, match="incomplete"):
        unpack(pack([EMBEDDING])[:-1])


def test_an_embedding_takes_its_bytes_and_little_more() -> None:
    assert len(pack(EMBEDDING)) - EMBEDDING.nbytes < 16


def test_nothing_is_pickled() -> None:
    data = msgpack.unpackb(pack(ImpossibleEdit("No.")), ext_hook=lambda code, data: (code, msgpack.unpackb(data)))
    assert data[1] == {"code": "impossible_edit", "message": "No.", "details": {}}
