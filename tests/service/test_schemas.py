import json
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, normalized
from model.errors import InvalidEmbedding, UnknownAttribute
from service.schemas import Embedding, known_attribute, vector_of


def random_embedding(seed: int) -> np.ndarray:
    return normalized(np.random.default_rng(seed).normal(0, 0.5, EMBEDDING_SIZE).astype(np.float32))


@pytest.mark.parametrize("seed", range(5))
def test_an_embedding_survives_json(seed: int) -> None:
    embedding = random_embedding(seed)
    text = TypeAdapter(Embedding).dump_json(Embedding.of(embedding))
    flat = np.concatenate([np.array(json.loads(text)[attribute], np.float32) for attribute in Attribute])
    np.testing.assert_array_equal(flat, embedding)
    # Scaling to length 1 again may move the last bit.
    np.testing.assert_allclose(vector_of(json.loads(text)), embedding, rtol=0, atol=1e-7)


def test_the_schema_has_the_exact_sizes() -> None:
    properties = TypeAdapter(Embedding).json_schema()["properties"]
    for attribute, space in SPACES.items():
        assert (properties[attribute]["minItems"], properties[attribute]["maxItems"]) == (space.size, space.size)


def test_the_example_is_an_embedding() -> None:
    assert vector_of(TypeAdapter(Embedding).json_schema()["example"]).shape == (EMBEDDING_SIZE,)


def test_unit_parts_are_scaled_to_length_1() -> None:
    value = asdict(Embedding.of(random_embedding(1)))
    value["style"] = [3 * number for number in value["style"]]
    np.testing.assert_allclose(vector_of(value), random_embedding(1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e39, "1", None])
def test_a_number_must_be_finite(number: object) -> None:
    value = asdict(Embedding.of(random_embedding(1)))
    value["pose"][1] = number
    with pytest.raises(InvalidEmbedding, match=r"pose\.1"):
        vector_of(value)


def test_an_unknown_attribute_names_the_four() -> None:
    with pytest.raises(UnknownAttribute, match="pose, identity, expression, style"):
        known_attribute("mood")
