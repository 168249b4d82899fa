"""The laws of each kind of set, in what is drawn and in what the bundled model reads of the drawings."""

import numpy as np
import pytest

from facet.library import Facet
from facet.stimuli import StimulusSet
from model.attributes import Attribute, Vector, part, similarity
from model.errors import ImpossibleEdit, InvalidRequest, UnknownAttribute
from tests.faces import draw_face
from worker.stimuli.geometry import angle_between, mean_of

UNTOUCHED = (Attribute.POSE, Attribute.EXPRESSION, Attribute.STYLE)


def column(drawn: StimulusSet, name: str) -> Vector:
    return np.array([row[name] for row in drawn.table])


def read(model: Facet, drawn: StimulusSet) -> Vector:
    """What the encoder reads in the drawings."""
    return model.embed(np.stack([drawing.pixels for drawing in drawn.drawings]), align="none")


def test_an_average_is_more_like_its_members_than_they_are_like_each_other(bundled: Facet) -> None:
    faces = bundled.sample(8, seed=1)
    average = bundled.stimuli.average(faces)
    [seen] = read(bundled, average)
    for attribute in (Attribute.IDENTITY, Attribute.EXPRESSION, Attribute.STYLE):
        members = part(faces, attribute)
        each_other = np.mean([similarity(attribute, members[a], members[b]) for a in range(8) for b in range(a)])
        drawn = similarity(attribute, part(average.embeddings[0], attribute), members).mean()
        assert average.table[0][f"{attribute}_similarity"] == pytest.approx(float(drawn), abs=1e-6)
        assert drawn > each_other + 0.1
        assert similarity(attribute, part(seen, attribute), members).mean() > each_other + 0.1


def test_an_average_of_one_attribute_leaves_the_others(model: Facet) -> None:
    faces = model.sample(4, seed=1)
    [average] = model.stimuli.average(faces, attributes=["identity"], weights=[0, 1, 1, 0], onto=faces[3]).embeddings
    for attribute in UNTOUCHED:
        np.testing.assert_array_equal(part(average, attribute), part(faces[3], attribute))
    np.testing.assert_allclose(
        part(average, Attribute.IDENTITY), mean_of(Attribute.IDENTITY, part(faces[1:3], Attribute.IDENTITY)), atol=1e-6
    )
    with pytest.raises(InvalidRequest):
        model.stimuli.average(faces, weights=[1, 1])
    with pytest.raises(InvalidRequest):
        model.stimuli.average([])


@pytest.mark.parametrize("attributes", [tuple(Attribute), ("identity",), ("expression",), ("style",)])
def test_the_steps_of_a_continuum_are_equal_to_the_encoder(bundled: Facet, attributes: tuple[str, ...]) -> None:
    start, end = bundled.sample(2, seed=53)
    frames = bundled.stimuli.continuum(start, end, 9, attributes=attributes)
    steps = column(frames, "step")[1:]
    deviation = np.abs(steps / steps.mean() - 1.0).max()
    assert deviation < 0.05
    plain = column(bundled.stimuli.continuum(start, end, 9, attributes=attributes, even="embedding"), "step")[1:]
    assert np.abs(plain / plain.mean() - 1.0).max() > deviation
    assert (np.diff(column(frames, "amount")) > 0).all()
    seen = read(bundled, frames)
    for name in attributes:
        alike = similarity(Attribute(name), part(seen, Attribute(name)), part(seen[0], Attribute(name)))
        np.testing.assert_allclose(column(frames, f"{name}_to_start"), alike, atol=1e-5)


@pytest.mark.parametrize("attribute", ["identity", "expression", "style"])
def test_many_frames_of_one_attribute_are_even_too(bundled: Facet, attribute: str) -> None:
    start, end = (bundled.sample(1, seed)[0] for seed in (3, 4))
    steps = column(bundled.stimuli.continuum(start, end, 15, attributes=[attribute]), "step")[1:]
    deviation = np.abs(steps / steps.mean() - 1.0).max()
    assert deviation < 0.05


def test_a_continuum_goes_from_one_face_to_the_other(model: Facet) -> None:
    start, end = model.sample(2, seed=1)
    frames = model.stimuli.continuum(start, end, 5, even="embedding")
    np.testing.assert_array_equal(frames.embeddings[[0, -1]], [start, end])
    neighbours = [
        angle_between(Attribute.IDENTITY, part(a, Attribute.IDENTITY), part(b, Attribute.IDENTITY))
        for a, b in zip(frames.embeddings[:-1], frames.embeddings[1:], strict=True)
    ]
    np.testing.assert_allclose(neighbours, np.mean(neighbours), rtol=1e-4)
    assert frames.names == [f"frame-{number:03}" for number in range(1, 6)]
    with pytest.raises(InvalidRequest):
        model.stimuli.continuum(start, start)
    with pytest.raises(InvalidRequest):
        model.stimuli.continuum(start, end, 1)


@pytest.mark.parametrize("attribute", ["identity", "expression", "style"])
def test_a_caricature_is_as_far_from_the_mean_as_its_amount_says(bundled: Facet, attribute: str) -> None:
    faces = bundled.sample(21, seed=5)
    amounts = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5]
    drawn = bundled.stimuli.caricature(faces[0], faces[1:], amounts, attribute=attribute)
    name = Attribute(attribute)
    mean = mean_of(name, part(faces[1:], name))
    away = np.degrees(angle_between(name, part(drawn.embeddings, name), mean))
    np.testing.assert_allclose(away, np.array(amounts) * away[4], atol=1e-3)
    np.testing.assert_allclose(away, column(drawn, "degrees"), atol=1e-3)
    np.testing.assert_array_equal(drawn.embeddings[4], faces[0])
    seen = column(drawn, "read_degrees")
    assert (np.diff(seen) > 0).all()
    assert np.corrcoef(seen, amounts)[0, 1] > 0.95
    for other in set(Attribute) - {name}:
        assert (part(drawn.embeddings, other) == part(faces[0], other)).all()


def test_no_caricature_goes_beyond_the_opposite_of_the_mean(model: Facet) -> None:
    faces = model.sample(5, seed=1)
    with pytest.raises(InvalidRequest, match="amounts go up to"):
        model.stimuli.caricature(faces[0], faces[1:], [5.0])


def test_a_factorial_set_has_every_combination_once(model: Facet) -> None:
    drawn = model.stimuli.factorial(3, ["neutral", "anger"], [-20, 0, 20], seed=4, shared=["style"])
    levels = [(row["person"], row["expression"], row["turn"]) for row in drawn.table]
    assert len(set(levels)) == len(drawn) == 18
    people, presets = model.sample(3, seed=4), model.calibration.presets[Attribute.EXPRESSION]
    for (person, expression, turn), embedding in zip(levels, drawn.embeddings, strict=True):
        np.testing.assert_array_equal(part(embedding, Attribute.IDENTITY), part(people[person - 1], Attribute.IDENTITY))
        np.testing.assert_array_equal(part(embedding, Attribute.STYLE), part(people[0], Attribute.STYLE))
        np.testing.assert_array_equal(part(embedding, Attribute.EXPRESSION), presets[expression])
        np.testing.assert_allclose(np.degrees(part(embedding, Attribute.POSE)), [0, turn, 0], atol=1e-5)
    assert drawn.names[0] == "person-001_neutral_-20"
    given = model.stimuli.factorial([draw_face(seed=1)], ["neutral"], [0])
    np.testing.assert_array_equal(
        part(given.embeddings[0], Attribute.IDENTITY), part(model.embed(draw_face(seed=1)), Attribute.IDENTITY)
    )
    with pytest.raises(ImpossibleEdit):
        model.stimuli.factorial(1, ["hunger"])
    with pytest.raises(UnknownAttribute):
        model.stimuli.factorial(1, shared=["mood"])


def test_controversial_pairs_are_alike_to_one_model_and_not_to_the_other(bundled: Facet, model: Facet) -> None:
    drawn = bundled.stimuli.controversial(model, 5, candidates=60, seed=2)
    ranks = np.abs(column(drawn, "rank") - column(drawn, "other_rank"))[::2]
    assert (ranks > 0.6).all()
    assert (np.diff(ranks) <= 0).all()
    assert len({face.tobytes() for face in drawn.embeddings}) == 10
    identities = part(read(bundled, drawn), Attribute.IDENTITY)
    alike = similarity(Attribute.IDENTITY, identities[::2], identities[1::2])
    # Read in batches of another size, which rounds otherwise.
    np.testing.assert_allclose(alike, column(drawn, "similarity")[::2], atol=1e-4)
    others = part(read(model, drawn), Attribute.IDENTITY)
    np.testing.assert_allclose(
        similarity(Attribute.IDENTITY, others[::2], others[1::2]), column(drawn, "other_similarity")[::2], atol=1e-4
    )
    with pytest.raises(InvalidRequest):
        bundled.stimuli.controversial(model, 5, candidates=9)
