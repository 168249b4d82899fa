from dataclasses import replace

import numpy as np
import torch

from model.attributes import Attribute, part
from model.calibration import Calibration
from model.dummy import DummyModel
from tests.training.drawn import crop_set
from training.data.crops import EXPRESSIONS
from training.evaluation.expression import balanced_accuracy
from training.evaluation.faces import see


def test_by_hand() -> None:
    faces = see(DummyModel(), crop_set(5))
    axes = np.eye(32, dtype=np.float32)
    names = ("neutral", "happiness", "anger")
    calibration = Calibration(expression_means=dict(zip(names, axes, strict=False)))
    embeddings = faces.embeddings.copy()
    part(embeddings, Attribute.EXPRESSION)[...] = axes[[0, 0, 1, 1, 2]]
    truth = [EXPRESSIONS.index(name) for name in ("neutral", "neutral", "neutral", "happiness", "anger")]
    labelled = replace(faces, embeddings=embeddings, labels=replace(faces.labels, expression=torch.tensor(truth)))
    # Two of three neutral faces and the happy one are right; anger is not asked for.
    assert balanced_accuracy(labelled, calibration, ("neutral", "happiness")) == (2 / 3 + 1) / 2
