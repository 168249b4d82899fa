from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attributes import Attribute, part
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.faces import see
from training.evaluation.pose import pose_errors


def test_by_hand() -> None:
    faces = see(DummyModel(), crop_set(3))
    embeddings = faces.embeddings.copy()
    part(embeddings, Attribute.POSE)[...] = np.radians([[10, 0, 0], [0, 5, -3], [90, 90, 90]])
    labels = np.radians(np.array([[4, 0, 0], [2, 0, 0], [np.nan, 0, 0]]))
    known = replace(faces.labels, pose=torch.from_numpy(labels.astype(np.float32)))
    # Pitch is off by 6 and 2 degrees, yaw by 0 and 5, roll by 0 and 3; the third face has no label.
    errors = pose_errors(replace(faces, labels=known, embeddings=embeddings))
    assert errors == pytest.approx({"pitch": 4.0, "yaw": 2.5, "roll": 1.5}, abs=1e-4)
    unknown = replace(faces.labels, pose=torch.full((3, 3), torch.nan))
    assert pose_errors(replace(faces, labels=unknown)) == {}
