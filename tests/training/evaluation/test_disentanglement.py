from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attributes import SPACES, Attribute, normalized, part
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.disentanglement import Disentanglement, attribute_labels, measure, report
from training.evaluation.edits import EditLaw
from training.evaluation.faces import Faces, see


@pytest.fixture(scope="module")
def faces() -> Faces:
    """Faces whose pose is labelled as it is embedded, whose expressions also tell the pose, and nothing more."""
    rng = np.random.default_rng(0)
    crops = crop_set(20)
    seen = see(DummyModel(), crops)
    again = np.arange(240) % 20
    pose = rng.normal(0, 0.3, (240, 3)).astype(np.float32)
    embeddings = seen.embeddings[again].copy()
    for attribute, space in SPACES.items():
        part(embeddings, attribute)[...] = rng.normal(size=(240, space.size))
    part(embeddings, Attribute.POSE)[...] = pose
    told = np.clip(0.7 * pose, -0.57, 0.57)  # so that a fourth number makes it of unit length
    part(embeddings, Attribute.EXPRESSION)[:, :3] = told
    part(embeddings, Attribute.EXPRESSION)[:, 3] = np.sqrt(1.0 - np.sum(told**2, axis=1))
    part(embeddings, Attribute.EXPRESSION)[:, 4:] = 0
    embeddings = normalized(embeddings)
    labels = replace(
        crops,
        keys=[f"Face{number}_0001" for number in range(240)],
        people=[f"Person{number}" for number in range(240)],
        pose=torch.from_numpy(pose),
        features={
            "teacher": rng.normal(size=(240, 128)).astype(np.float32),
            "blendshapes": rng.uniform(size=(240, 52)).astype(np.float32),
        },
    )
    return replace(seen, labels=labels, pixels=seen.pixels[again], masks=seen.masks[again], embeddings=embeddings)


def test_the_probes_and_the_search_find_what_a_sub_vector_tells_and_nothing_else(faces: Faces) -> None:
    measured = measure(faces)
    for read in ("pose", "expression"):
        for angle in ("pitch", "yaw", "roll"):
            assert measured.ridge[read][angle] > 0.95
            assert measured.kernel[read][angle] > 0.6
            assert measured.nearest[read][angle] < 0.75
    for read, asked in [("style", "pitch"), ("identity", "identity"), ("pose", "identity"), ("pose", "expression")]:
        assert measured.kernel[read][asked] < 0.1
        assert 0.9 < measured.nearest[read][asked] < 1.1


def test_a_kernel_finds_what_a_straight_line_does_not(faces: Faces) -> None:
    embeddings = faces.embeddings.copy()
    part(embeddings, Attribute.STYLE)[...] = 0
    part(embeddings, Attribute.STYLE)[:, :3] = part(embeddings, Attribute.POSE) ** 2
    measured = measure(replace(faces, embeddings=embeddings, labels=replace(faces.labels, pose=_squares(faces))))
    assert measured.ridge["pose"]["yaw"] < 0.2
    assert measured.kernel["pose"]["yaw"] > 0.5
    assert measured.ridge["style"]["yaw"] > 0.95


def _squares(faces: Faces) -> torch.Tensor:
    return faces.labels.pose**2


def test_style_is_measured_in_the_photograph_alone(faces: Faces) -> None:
    pixels, masks = np.zeros((1, 64, 64, 3), np.uint8), np.zeros((1, 64, 64), bool)
    masks[:, :32] = True
    pixels[:, :16], pixels[:, 16:32], pixels[:, 32:] = 100, 200, 255
    light = attribute_labels(replace(faces, pixels=pixels, masks=masks))["style"]
    assert light.tolist() == [[150.0] * 3 + [50.0] * 3]


def test_too_few_people(faces: Faces) -> None:
    labels = replace(faces.labels, people=[f"Person{number % 4}" for number in range(240)])
    with pytest.raises(ValueError, match="at least 5 people"):
        measure(replace(faces, labels=labels))


def test_the_report_has_all_tables() -> None:
    asked = ("pitch", "yaw", "roll", "identity", "expression", "style")
    table = {str(read): {name: float(str(read) == name) for name in asked} for read in Attribute}
    laws = {
        str(name): EditLaw(0.9, {str(other): 0.8 for other in Attribute if other is not name}) for name in Attribute
    }
    shown = report("m", Disentanglement(table, table, table), laws)
    assert shown.tables[0][0] == ["R² of ridge regression", *asked]
    assert shown.tables[1][2] == ["identity", "0.000", "0.000", "0.000", "1.000", "0.000", "0.000"]
    assert shown.tables[3][1:] == [["arrived", *["90.0 %"] * 4], ["others kept, mean", *["0.800"] * 4]]
    assert shown.figures["nearest"]["style"]["style"] == 1.0
