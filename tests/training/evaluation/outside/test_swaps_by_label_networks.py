from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model.attributes import SPACES, Attribute, Vector, part
from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.edits import edit_laws
from training.evaluation.faces import Faces, see
from training.evaluation.outside.label_networks import Readings
from training.evaluation.outside.swaps_by_label_networks import judge_edits, report

BACKEND = DummyModel()
FACES = 12


class Reading:
    """Judges that read pictures as the dummy model does, and find no face in every `blind`-th picture."""

    def __init__(self, blind: int = 10**9) -> None:
        self.blind = blind

    def read(self, pictures: Pixels) -> Readings:
        seen, found = BACKEND.embed(pictures), self.find(pictures)
        values = [
            np.where(found[:, None], part(seen, attribute), np.nan)
            for attribute in (Attribute.POSE, Attribute.EXPRESSION, Attribute.IDENTITY)
        ]
        return Readings(found, *values)

    def find(self, pictures: Pixels) -> NDArray[np.bool_]:
        return np.arange(1, len(pictures) + 1) % self.blind != 0


class Unmoved(DummyModel):
    """A model that draws every expression as the same one."""

    def render(self, embeddings: Vector) -> Pixels:
        fixed = embeddings.copy()
        part(fixed, Attribute.EXPRESSION)[...] = np.eye(SPACES[Attribute.EXPRESSION].size)[0]
        return super().render(fixed)


def labelled() -> Faces:
    """Faces whose photographs show, to the judges, exactly what their embeddings say."""
    embeddings = BACKEND.sample(FACES, 0)
    faces = see(BACKEND, crop_set(FACES))
    labels = replace(
        faces.labels,
        pose=torch.from_numpy(part(embeddings, Attribute.POSE).copy()),
        features={
            "teacher": part(embeddings, Attribute.IDENTITY),
            "blendshapes": part(embeddings, Attribute.EXPRESSION),
        },
    )
    return replace(faces, labels=labels, embeddings=embeddings, pixels=BACKEND.render(embeddings))


def test_a_model_that_draws_what_is_asked_satisfies_the_judges() -> None:
    judgement = judge_edits(BACKEND, labelled(), Reading(), pairs=30, random_faces=8)
    assert judgement.pairs == 30
    assert judgement.random_faces == 1.0
    for verdict in (judgement.swaps, judgement.reconstructions, judgement.photographs):
        assert verdict.found == verdict.pose == verdict.identity == verdict.expression == 1.0
        assert verdict.identity_kept == {"pose": 1.0, "expression": 1.0, "style": 1.0}


def test_what_is_never_drawn_is_noticed_in_that_alone() -> None:
    judgement = judge_edits(Unmoved(), labelled(), Reading(), pairs=40, random_faces=8)
    assert judgement.swaps.expression == pytest.approx(0.5, abs=0.35)
    assert judgement.swaps.pose == judgement.swaps.identity == 1.0
    assert judgement.photographs.expression == 1.0


def test_a_face_that_is_not_found_is_a_miss_in_every_judgement() -> None:
    judgement = judge_edits(BACKEND, labelled(), Reading(blind=4), pairs=40, random_faces=8)
    swaps = judgement.swaps
    assert swaps.found == swaps.pose == swaps.identity == swaps.expression == 0.75
    assert set(swaps.identity_kept.values()) == {0.75}
    assert judgement.random_faces == 0.75


def test_photographs_that_the_judges_did_not_label_take_no_part() -> None:
    faces = labelled()
    pose = faces.labels.pose.clone()
    pose[4:] = torch.nan
    few = replace(faces, labels=replace(faces.labels, pose=pose))
    assert judge_edits(BACKEND, few, Reading(), 10, 2).swaps.pose == 1.0
    for labels, message in ((2, "at least two people"), (0, "prepare the data with --landmarker and --teacher")):
        pose[labels:] = torch.nan  # two crops of one person are left, then none
        with pytest.raises(ValueError, match=message):
            judge_edits(BACKEND, replace(faces, labels=replace(faces.labels, pose=pose)), Reading(), 10, 2)


def test_the_report_says_what_both_found() -> None:
    faces = labelled()
    laws = edit_laws(BACKEND, faces, 20)
    alone = report("m", laws, None)
    assert list(alone.figures) == ["own"]
    judged = report("m", laws, judge_edits(BACKEND, faces, Reading(), 10, 4))
    assert judged.figures["judges"]["swaps"]["identity_kept"]["style"] == 1.0
    assert ["identity kept, style swapped", "100.0 %", "100.0 %", "100.0 %"] in judged.tables[1]
    assert judged.tables[2] == [["face found in random faces", "100.0 %"]]
