from dataclasses import replace

import numpy as np
import pytest

from model.attributes import SPACES, Attribute, Vector, part
from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.edits import edit_laws, random_swaps
from training.evaluation.faces import Faces, see


class Stubborn(DummyModel):
    """A model that draws every face with one and the same expression."""

    def render(self, embeddings: Vector) -> Pixels:
        fixed = embeddings.copy()
        part(fixed, Attribute.EXPRESSION)[...] = np.eye(SPACES[Attribute.EXPRESSION].size)[0]
        return super().render(fixed)


def faces_of(backend: DummyModel) -> Faces:
    """Two faces of each of six people, with embeddings that are far apart in every part."""
    return replace(see(backend, crop_set(12)), embeddings=backend.sample(12, 0))


def test_a_model_that_reads_what_it_drew_obeys_the_laws() -> None:
    backend = DummyModel()
    laws = edit_laws(backend, faces_of(backend), pairs=40)
    assert set(laws) == set(Attribute)
    for name, law in laws.items():
        assert law.arrived == 1.0
        assert set(law.kept) == set(Attribute) - {name}
        assert min(law.kept.values()) > 0.99


def test_an_attribute_that_never_arrives_is_noticed() -> None:
    backend = Stubborn()
    laws = edit_laws(backend, faces_of(backend), pairs=40)
    assert laws["expression"].arrived == pytest.approx(0.5, abs=0.35)
    assert laws["identity"].arrived == 1.0
    assert laws["identity"].kept["expression"] < 0.5
    assert laws["identity"].kept["style"] > 0.99


def test_pairs_follow_from_the_seed() -> None:
    backend = DummyModel()
    faces = faces_of(backend)
    assert edit_laws(backend, faces, 20) == edit_laws(backend, faces, 20)


class Counting(DummyModel):
    """A model that counts what it draws."""

    drawn = 0

    def render(self, embeddings: Vector) -> Pixels:
        self.drawn += len(embeddings)
        return super().render(embeddings)


@pytest.mark.parametrize(("pairs", "drawn"), [(40, 40), (1000, 60)])
def test_of_few_faces_few_swaps_are_drawn(pairs: int, drawn: int) -> None:
    backend = Counting()
    edit_laws(backend, faces_of(backend), pairs)
    assert backend.drawn == len(Attribute) * drawn


class Tilted(DummyModel):
    """A model that draws every head tilted by some degrees more than it is asked for."""

    def __init__(self, degrees: float) -> None:
        super().__init__()
        self.tilt = np.radians(degrees)

    def render(self, embeddings: Vector) -> Pixels:
        tilted = embeddings.copy()
        part(tilted, Attribute.POSE)[..., 2] += self.tilt
        return super().render(tilted)


@pytest.mark.parametrize(("degrees", "arrived"), [(7.0, 1.0), (9.0, 0.0)])
def test_a_pose_has_arrived_within_eight_degrees(degrees: float, arrived: float) -> None:
    backend = Tilted(degrees)
    laws = edit_laws(backend, faces_of(backend), pairs=20)
    assert laws["pose"].arrived == arrived
    assert laws["identity"].arrived == 1.0


def test_pairs_are_of_two_people_among_the_usable() -> None:
    faces = faces_of(DummyModel())
    pairs = random_swaps(faces, 50, usable=np.arange(12) < 5)  # two faces of each of two people, one of a third
    assert len(pairs) == 50
    assert max(pairs.targets.max(), pairs.sources.max()) < 5
    assert (pairs.targets // 2 != pairs.sources // 2).all()
    with pytest.raises(ValueError, match="at least two people"):
        random_swaps(faces, 5, usable=np.arange(12) < 2)
