"""What may be enrolled, and what is said of what may not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gallery.records import Amendment, NewFace
from model.attributes import Attribute, Vector, part
from model.errors import InvalidEmbedding, InvalidRequest


def test_an_amendment_says_what_changes() -> None:
    assert Amendment(subject="bob", metadata={}).given == {"subject": "bob", "metadata": {}}
    for fields in ({}, {"subject": ""}, {"collection": "a b"}, {"metadata": {"a": float("inf")}}, {"model": "m2"}):
        with pytest.raises(InvalidRequest):
            Amendment(**fields)  # type: ignore[arg-type]


def _nested(levels: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for _ in range(levels - 1):
        result = {"a": result}
    return result


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "x" * 200},
        {"subject": "Zoë 😀"},
        {"collection": "A-z_0.9" + "x" * 57},
        {"metadata": {"a": "x" * (16 * 1024 - 9)}},
        {"metadata": _nested(32)},
        {"quality": 0.5},
    ],
)
def test_what_is_within_the_limits_is_taken_as_it_is(new: Callable[..., NewFace], fields: dict[str, Any]) -> None:
    face = new(**fields)
    assert {name: getattr(face, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"subject": ""}, "subject must be 1 to 200 characters, not 0"),
        ({"subject": "x" * 201}, "subject must be 1 to 200 characters, not 201"),
        ({"subject": "a\0b"}, "subject holds a character that is not text"),
        ({"subject": "\ud800"}, "subject holds a character that is not text"),
        ({"collection": ""}, "collection must be 1 to 64 letters"),
        ({"collection": "x" * 65}, "collection must be 1 to 64 letters"),
        ({"collection": "a b"}, "collection must be 1 to 64 letters"),
        ({"collection": "a\n"}, "collection must be 1 to 64 letters"),
        ({"model": ""}, "model must be 1 to 200 characters, not 0"),
        ({"metadata": {"a": "x" * (16 * 1024 - 8)}}, "metadata is 16385 bytes of JSON; the limit is 16384"),
        ({"metadata": {"a": "é" * 8200}}, "metadata is 16409 bytes"),
        ({"metadata": {"a": float("nan")}}, "metadata must be plain JSON"),
        ({"metadata": {"a": "\ud800"}}, "metadata must be plain JSON"),
        ({"metadata": {"a": object()}}, "metadata must be plain JSON"),
        ({"metadata": [1]}, "metadata must be a JSON object"),
        ({"metadata": _nested(33)}, "metadata is 33 levels deep; the limit is 32"),
        ({"metadata": _nested(5000)}, "metadata must be plain JSON"),
        ({"quality": float("inf")}, "quality must be a finite number"),
    ],
)
def test_what_breaks_a_limit_is_refused_by_name(
    new: Callable[..., NewFace], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        new(**fields)
    assert refused.value.message.startswith(message)


def test_only_embeddings_are_taken(new: Callable[..., NewFace], embedding: Callable[[int], Vector]) -> None:
    def refusal(vector: Vector) -> str:
        with pytest.raises(InvalidEmbedding) as refused:
            new(embedding=vector)
        return refused.value.message

    good = embedding(1)
    assert refusal(good[:-1]) == "an embedding has 99 numbers, not an array of shape (98,)"
    for attribute, value, message in [
        (Attribute.POSE, 4.0, "pose has an angle beyond ±π; angles are in radians"),
        (Attribute.STYLE, np.nan, "style holds a number that is not finite"),
        (Attribute.IDENTITY, 0.0, "identity must have length 1"),
        (Attribute.EXPRESSION, 1e38, "expression must have length 1"),
    ]:
        bad = good.copy()
        part(bad, attribute)[...] = value
        assert refusal(bad) == message


def test_numbers_of_another_type_become_float32(
    new: Callable[..., NewFace], embedding: Callable[[int], Vector]
) -> None:
    face = new(embedding=embedding(1).astype(np.float64))
    assert face.embedding.dtype == np.float32
    assert np.array_equal(face.embedding, embedding(1))
