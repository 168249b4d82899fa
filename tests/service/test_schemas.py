import json
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter

from gallery.limits import MAX_MODEL
from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, normalized
from model.errors import InvalidEmbedding, UnknownAttribute
from service.schemas import Embedding, given_embedding, known_attribute


def random_embedding(seed: int) -> np.ndarray:
    return normalized(np.random.default_rng(seed).normal(0, 0.5, EMBEDDING_SIZE).astype(np.float32))


@pytest.mark.parametrize("seed", range(5))
def test_an_embedding_survives_json(seed: int) -> None:
    embedding = random_embedding(seed)
    text = TypeAdapter(Embedding).dump_json(Embedding.of(embedding, "m1"))
    flat = np.concatenate([np.array(json.loads(text)[attribute], np.float32) for attribute in Attribute])
    np.testing.assert_array_equal(flat, embedding)
    # Scaling to length 1 again may move the last bit.
    np.testing.assert_allclose(given_embedding(json.loads(text)).vector, embedding, rtol=0, atol=1e-7)


def test_the_schema_has_the_exact_sizes() -> None:
    properties = TypeAdapter(Embedding).json_schema()["properties"]
    for attribute, space in SPACES.items():
        assert (properties[attribute]["minItems"], properties[attribute]["maxItems"]) == (space.size, space.size)


def test_the_example_is_an_embedding() -> None:
    assert given_embedding(TypeAdapter(Embedding).json_schema()["example"]).vector.shape == (EMBEDDING_SIZE,)


def test_unit_parts_are_scaled_to_length_1() -> None:
    value = asdict(Embedding.of(random_embedding(1), "m1"))
    value["style"] = [3 * number for number in value["style"]]
    np.testing.assert_allclose(given_embedding(value).vector, random_embedding(1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e39, "1", None])
def test_a_number_must_be_finite(number: object) -> None:
    value = asdict(Embedding.of(random_embedding(1), "m1"))
    value["pose"][1] = number
    with pytest.raises(InvalidEmbedding, match=r"pose\.1"):
        given_embedding(value)


def test_an_unknown_attribute_names_the_four() -> None:
    with pytest.raises(UnknownAttribute, match="pose, identity, expression, style"):
        known_attribute("mood")


def test_an_embedding_may_say_which_model_made_it() -> None:
    value = asdict(Embedding.of(random_embedding(1), "m1"))
    assert given_embedding(value).model == "m1"
    assert given_embedding({**value, "model": None}).model is None
    del value["model"]
    assert given_embedding(value).model is None
    for wrong in ("", "m" * (MAX_MODEL + 1), 1):
        with pytest.raises(InvalidEmbedding, match="model"):
            given_embedding({**value, "model": wrong})
