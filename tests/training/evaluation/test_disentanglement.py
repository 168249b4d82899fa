from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attributes import SPACES, Attribute, part
from model.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.disentanglement import attribute_labels, probe, report
from training.evaluation.edits import EditLaw
from training.evaluation.faces import Faces, see


@pytest.fixture(scope="module")
def faces() -> Faces:
    """Sixty faces whose pose is labelled as it is embedded, whose expressions also tell the pose, and nothing more."""
    rng = np.random.default_rng(0)
    crops = crop_set(20)
    seen = see(DummyModel(), crops)
    again = np.arange(60) % 20
    pose = rng.normal(0, 0.3, (60, 3)).astype(np.float32)
    embeddings = seen.embeddings[again].copy()
    for attribute, space in SPACES.items():
        part(embeddings, attribute)[...] = rng.normal(size=(60, space.size))
    part(embeddings, Attribute.POSE)[...] = pose
    part(embeddings, Attribute.EXPRESSION)[:, :3] = pose * 10
    part(embeddings, Attribute.EXPRESSION)[:, 3:] = 0
    labels = replace(
        crops,
        keys=[f"Face{number}_0001" for number in range(60)],
        people=[f"Person{number}" for number in range(60)],
        pose=torch.from_numpy(pose),
        features={
            "teacher": rng.normal(size=(60, 128)).astype(np.float32),
            "blendshapes": rng.uniform(size=(60, 52)).astype(np.float32),
        },
    )
    return replace(seen, labels=labels, pixels=seen.pixels[again], masks=seen.masks[again], embeddings=embeddings)


def test_the_probe_finds_what_a_sub_vector_tells_and_nothing_else(faces: Faces) -> None:
    table = probe(faces)
    assert table[Attribute.POSE][Attribute.POSE] > 0.75
    assert table[Attribute.EXPRESSION][Attribute.POSE] > 0.75
    for read, asked in [("style", "pose"), ("identity", "identity"), ("pose", "identity"), ("pose", "expression")]:
        assert table[Attribute(read)][Attribute(asked)] < 0.1


def test_style_is_measured_in_the_photograph_alone(faces: Faces) -> None:
    pixels, masks = np.zeros((1, 64, 64, 3), np.uint8), np.zeros((1, 64, 64), bool)
    masks[:, :32] = True
    pixels[:, :16], pixels[:, 16:32], pixels[:, 32:] = 100, 200, 255
    light = attribute_labels(replace(faces, pixels=pixels, masks=masks))[Attribute.STYLE]
    assert light.tolist() == [[150.0] * 3 + [50.0] * 3]


def test_too_few_people(faces: Faces) -> None:
    labels = replace(faces.labels, people=[f"Person{number % 4}" for number in range(60)])
    with pytest.raises(ValueError, match="at least 5 people"):
        probe(replace(faces, labels=labels))


def test_the_report_has_both_tables() -> None:
    table = {read: {asked: float(read is asked) for asked in Attribute} for read in Attribute}
    laws = {
        str(name): EditLaw(0.9, {str(other): 0.8 for other in Attribute if other is not name}) for name in Attribute
    }
    shown = report("m", table, laws)
    assert shown.tables[0][2] == ["from identity", "0.000", "1.000", "0.000", "0.000"]
    assert shown.tables[1][1:] == [["arrived", *["90.0 %"] * 4], ["others kept, mean", *["0.800"] * 4]]
    assert shown.figures["r2"]["style"] == {"pose": 0.0, "identity": 0.0, "expression": 0.0, "style": 1.0}
