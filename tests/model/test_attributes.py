"""The table of the embedding, and the geometry that follows from it."""

import numpy as np
import pytest

from model.attributes import (
    EMBEDDING_SIZE,
    POSE_ANGLES,
    SPACES,
    Attribute,
    Vector,
    distance,
    join,
    normalized,
    part,
    similarities,
    similarity,
    split,
)

SPHERES = [attribute for attribute, space in SPACES.items() if space.unit]


def random_embeddings(*shape: int) -> Vector:
    numbers = np.random.default_rng(7).normal(size=(*shape, EMBEDDING_SIZE)).astype(np.float32)
    part(numbers, Attribute.POSE)[...] *= 0.3
    return normalized(numbers)


def test_the_table() -> None:
    assert EMBEDDING_SIZE == 99
    assert [(str(name), space.start, space.size, space.unit) for name, space in SPACES.items()] == [
        ("pose", 0, 3, False),
        ("identity", 3, 32, True),
        ("expression", 35, 32, True),
        ("style", 67, 32, True),
    ]
    assert len(POSE_ANGLES) == SPACES[Attribute.POSE].size


def test_parts_tile_the_embedding() -> None:
    numbers = np.arange(EMBEDDING_SIZE, dtype=np.float32)
    assert np.concatenate([part(numbers, attribute) for attribute in Attribute]).tolist() == list(range(99))


def test_join_undoes_split_also_on_stacks() -> None:
    embeddings = random_embeddings(2, 5)
    np.testing.assert_array_equal(join(split(embeddings)), embeddings)


def test_a_part_is_a_view() -> None:
    embedding = random_embeddings()
    part(embedding, Attribute.STYLE)[...] = 2.0
    assert embedding[-32:].tolist() == [2.0] * 32
    assert not (embedding[:-32] == 2.0).any()


def test_join_wants_every_part_in_its_size() -> None:
    parts = split(random_embeddings())
    with pytest.raises(ValueError, match="lacks its style"):
        join({name: numbers for name, numbers in parts.items() if name is not Attribute.STYLE})
    with pytest.raises(ValueError, match="pose has 2 numbers, expected 3"):
        join(parts | {Attribute.POSE: parts[Attribute.POSE][:2]})


def test_normalized_makes_directions_unit_and_leaves_pose() -> None:
    raw = 5.0 * random_embeddings(4)
    part(raw, Attribute.POSE)[...] = [0.5, -1.5, 3.0]
    result = normalized(raw)
    for attribute in SPHERES:
        np.testing.assert_allclose(np.linalg.norm(part(result, attribute), axis=-1), 1.0, rtol=1e-6)
        np.testing.assert_allclose(part(raw, attribute), 5.0 * part(result, attribute), rtol=1e-5)
    np.testing.assert_array_equal(part(result, Attribute.POSE), part(raw, Attribute.POSE))
    assert np.linalg.norm(part(raw, Attribute.STYLE)[0]) == pytest.approx(5.0)  # the argument is not changed


@pytest.mark.parametrize("scale", [1e-4, 1e30])
def test_normalized_copes_with_any_length(scale: float) -> None:
    embedding = random_embeddings()
    scaled = embedding.copy()
    part(scaled, Attribute.IDENTITY)[...] *= np.float32(scale)
    np.testing.assert_allclose(normalized(scaled), embedding, atol=1e-6)


def test_normalized_refuses_what_is_no_embedding() -> None:
    good = random_embeddings()
    with pytest.raises(ValueError, match="99 numbers, not 98"):
        normalized(good[:-1])
    with pytest.raises(ValueError, match="99 numbers, not 0"):
        normalized(np.float32(1.0))
    for number in (np.nan, np.inf):
        bad = good.copy()
        bad[40] = number
        with pytest.raises(ValueError, match="not finite"):
            normalized(bad)
    for attribute in SPHERES:
        bad = good.copy()
        part(bad, attribute)[...] = 0.0
        with pytest.raises(ValueError, match=f"{attribute} part is zero"):
            normalized(bad)
    bad = good.copy()
    bad[1] = 3.2
    with pytest.raises(ValueError, match="beyond ±π"):
        normalized(bad)


def test_no_face_is_nearer_to_another_than_to_itself() -> None:
    faces = normalized(np.clip(np.random.default_rng(5).standard_normal((1000, EMBEDDING_SIZE), np.float32), -1.0, 1.0))
    for attribute in Attribute:
        own = part(faces, attribute)
        assert similarity(attribute, own, own).max() <= 1.0
        assert distance(attribute, own, own).min() >= 0.0


def test_distance_and_similarity_by_hand() -> None:
    east, north = np.eye(32, dtype=np.float32)[:2]
    between = (east + north) / np.sqrt(2).astype(np.float32)
    for attribute in SPHERES:
        assert similarity(attribute, east, between) == pytest.approx(np.sqrt(0.5))
        assert distance(attribute, east, between) == pytest.approx(1 - np.sqrt(0.5))
    a, b = np.float32([0.0, 0.3, 0.0]), np.float32([0.4, 0.0, 0.0])
    assert distance(Attribute.POSE, a, b) == pytest.approx(0.5)
    assert similarity(Attribute.POSE, a, b) == pytest.approx(1 - 0.5**2 / 2)


def test_the_two_similarities_are_one_relation() -> None:
    # On the sphere, cosine is 1 - d²/2 of the chord d: the formula that pose has.
    a, b = random_embeddings(2)
    for attribute in SPHERES:
        chord = np.linalg.norm(part(a, attribute) - part(b, attribute))
        assert similarity(attribute, part(a, attribute), part(b, attribute)) == pytest.approx(
            1 - chord**2 / 2, abs=1e-6
        )


def test_similarities_are_symmetric_and_one_to_oneself() -> None:
    a, b = random_embeddings(2)
    assert similarities(a, b) == similarities(b, a)
    for attribute, value in similarities(a, a).items():
        assert value == pytest.approx(1.0, abs=1e-6), attribute
    assert similarities(random_embeddings(3, 1), random_embeddings(1, 4))[Attribute.STYLE].shape == (3, 4)
