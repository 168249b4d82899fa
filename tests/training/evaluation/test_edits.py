from dataclasses import replace

import numpy as np
import pytest

from model.attributes import SPACES, Attribute, Vector, part
from model.backend import Pixels
from model.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.edits import edit_laws
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
