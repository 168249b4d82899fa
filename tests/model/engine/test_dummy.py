"""The laws by which tests of everything else may rely on the dummy."""

import numpy as np
import pytest

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, Vector, normalized, part, similarities
from model.engine.backend import Pixels
from model.engine.dummy import LABELS, SIZE, DummyModel
from model.images.decode import ImageLimits, decode
from tests.faces import Mouth, draw_face, jpeg

MODEL = DummyModel()


def crop(seed: int, mouth: Mouth = "neutral") -> Pixels:
    return draw_face(SIZE, seed, mouth)


def embedded(*crops: Pixels) -> Vector:
    return MODEL.embed(np.stack(crops))


def test_embeddings_are_valid_and_repeat_to_the_bit() -> None:
    crops = np.stack([crop(seed) for seed in range(4)])
    embeddings = MODEL.embed(crops)
    assert embeddings.shape == (4, EMBEDDING_SIZE)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(normalized(embeddings), embeddings, atol=1e-6)
    np.testing.assert_array_equal(DummyModel().embed(crops), embeddings)
    for row, one in zip(embeddings, crops, strict=True):
        np.testing.assert_array_equal(embedded(one)[0], row)  # whatever its batch


def test_of_no_faces_there_is_nothing() -> None:
    embeddings = MODEL.embed(np.empty((0, SIZE, SIZE, 3), np.uint8))
    assert (embeddings.shape, embeddings.dtype) == ((0, EMBEDDING_SIZE), np.float32)
    assert MODEL.render(embeddings).shape == (0, SIZE, SIZE, 3)


def test_a_drawn_embedding_is_read_back() -> None:
    drawn_from = MODEL.sample(20, seed=3)
    drawn = MODEL.render(drawn_from)
    assert drawn.shape == (20, SIZE, SIZE, 3)
    assert drawn.dtype == np.uint8
    for pictures in (drawn, np.stack([decode(jpeg(picture), ImageLimits()) for picture in drawn])):
        read = MODEL.embed(pictures)
        for attribute, values in similarities(drawn_from, read).items():
            assert values.min() > 0.99, attribute
    assert np.unique(drawn.reshape(20, -1), axis=0).shape[0] == 20


def test_the_extremes_are_read_back() -> None:
    extreme = np.zeros((2, EMBEDDING_SIZE), np.float32)
    part(extreme, Attribute.POSE)[...] = [[np.pi], [-np.pi]]
    for attribute, space in SPACES.items():
        if space.unit:
            part(extreme, attribute)[:, 0] = [1.0, -1.0]
    np.testing.assert_allclose(MODEL.embed(MODEL.render(extreme)), extreme, atol=0.03)


def test_one_face_photographed_twice_is_close_and_another_is_not() -> None:
    first, second, other = embedded(crop(1), decode(jpeg(crop(1)), ImageLimits()), crop(2))
    same, different = similarities(first, second), similarities(first, other)
    for attribute in (Attribute.IDENTITY, Attribute.EXPRESSION, Attribute.STYLE):
        assert same[attribute] > 0.95
        assert different[attribute] < same[attribute] - 0.1
    assert same[Attribute.IDENTITY] > MODEL.calibration.threshold > different[Attribute.IDENTITY]


def test_another_mouth_changes_the_expression_and_not_the_identity() -> None:
    neutral, smiling = embedded(crop(1), crop(1, "open"))
    values = similarities(neutral, smiling)
    assert values[Attribute.EXPRESSION] < 0.95
    assert values[Attribute.IDENTITY] > 0.98


def test_a_mirror_image_turns_the_other_way() -> None:
    rng = np.random.default_rng(0)
    lit = np.clip(crop(1) * np.linspace(0.4, 1.3, SIZE)[:, None] + rng.normal(0, 3, (SIZE, SIZE, 3)), 0, 255)
    lit = np.asarray(lit, np.uint8)
    pitch, yaw, roll = part(embedded(lit)[0], Attribute.POSE)
    mirrored = part(embedded(lit[:, ::-1])[0], Attribute.POSE)
    np.testing.assert_allclose(mirrored, [pitch, -yaw, -roll], atol=1e-6)
    assert yaw > 0.1  # brighter to the right


@pytest.mark.parametrize("value", [0, 127, 128, 255])
def test_flat_pictures_have_embeddings(value: int) -> None:
    embedding = embedded(np.full((SIZE, SIZE, 3), value, np.uint8))[0]
    np.testing.assert_allclose(normalized(embedding), embedding, atol=1e-6)
    assert np.abs(part(embedding, Attribute.POSE)).max() < 1e-6


def test_a_drawing_of_middle_grey_has_an_embedding() -> None:
    grey = MODEL.render(np.zeros((1, EMBEDDING_SIZE), np.float32))
    embedding = MODEL.embed(grey)
    np.testing.assert_allclose(normalized(embedding), embedding, atol=1e-6)


def test_samples_are_valid_and_follow_from_the_seed() -> None:
    samples = MODEL.sample(200, seed=9)
    np.testing.assert_allclose(normalized(samples), samples, atol=1e-6)
    np.testing.assert_array_equal(MODEL.sample(200, seed=9), samples)
    assert not np.array_equal(MODEL.sample(200, seed=10), samples)
    assert np.abs(part(samples, Attribute.POSE)).max() <= 1.0
    assert np.abs(part(samples, Attribute.IDENTITY).mean(axis=0)).max() < 0.06  # evenly over the sphere
    assert MODEL.sample(0, seed=1).shape == (0, EMBEDDING_SIZE)


def test_the_calibration_tells_its_presets_apart() -> None:
    assert set(LABELS) == {"neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"}
    for label, direction in MODEL.calibration.expression_means.items():
        probabilities = MODEL.calibration.expression_probabilities(direction)
        assert max(probabilities, key=probabilities.__getitem__) == label
        assert probabilities[label] > 0.99
