from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from model.attributes import Attribute, Vector, part
from model.calibration import Calibration, cosine_classifier
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation.expression import balanced_accuracy, classify, report
from training.evaluation.faces import Faces, see
from training.targets.expression import EXPRESSIONS


def by_cosines(means: Mapping[str, Vector]) -> Calibration:
    return Calibration(expression_means=means, expression_classifier=cosine_classifier(means, 10.0))


def test_by_hand() -> None:
    faces = see(DummyModel(), crop_set(5))
    axes = np.eye(32, dtype=np.float32)
    names = ("neutral", "happiness", "anger")
    calibration = by_cosines(dict(zip(names, axes, strict=False)))
    embeddings = faces.embeddings.copy()
    part(embeddings, Attribute.EXPRESSION)[...] = axes[[0, 0, 1, 1, 2]]
    truth = [EXPRESSIONS.index(name) for name in ("neutral", "neutral", "neutral", "happiness", "anger")]
    labelled = replace(faces, embeddings=embeddings, labels=replace(faces.labels, expression=torch.tensor(truth)))
    # Two of three neutral faces and the happy one are right; anger is not asked for.
    assert balanced_accuracy(labelled, calibration, ("neutral", "happiness")) == (2 / 3 + 1) / 2


def faces_at(axes: list[int], truth: list[str | None]) -> Faces:
    """Faces whose expressions are axes of the space, with labels."""
    faces = see(DummyModel(), crop_set(len(axes)))
    embeddings = faces.embeddings.copy()
    part(embeddings, Attribute.EXPRESSION)[...] = np.eye(32, dtype=np.float32)[axes]
    numbers = torch.tensor([-1 if name is None else EXPRESSIONS.index(name) for name in truth])
    return replace(faces, embeddings=embeddings, labels=replace(faces.labels, expression=numbers))


def test_classes_by_hand() -> None:
    calibration = by_cosines(dict(zip(("neutral", "happiness"), np.eye(32)[:2], strict=True)))
    # One neutral face is taken for happy; the model knows no fear, so that face is wrong; one face has no label.
    faces = faces_at([0, 1, 1, 1, 0, 0], ["neutral", "neutral", "happiness", "happiness", "fear", None])
    result = classify(faces, calibration)
    assert result.faces == 5
    assert result.accuracy == 3 / 5
    assert result.balanced == pytest.approx((0.5 + 1.0 + 0.0) / 3)
    assert result.labels == ["neutral", "happiness", "fear"]
    assert result.confusion == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]
    # Happy cosines are 0, 1, 1, 1, 0: of six pairs of a happy and another face four are in order and two are even.
    assert result.auc["happiness"] == pytest.approx((4 + 2 / 2) / 6)
    assert set(result.auc) == {"neutral", "happiness"}
    table = report("m", result).tables[0]
    assert ["happiness", "2", "100.0 %", "0.8333"] in table
    assert ["fear", "1", "0.0 %", "-"] in table


def test_what_cannot_be_classed_is_said() -> None:
    means = by_cosines({"neutral": np.eye(32, dtype=np.float32)[0]})
    with pytest.raises(ValueError, match="no crop has an expression label"):
        classify(faces_at([0, 1], [None, None]), means)
    with pytest.raises(ValueError, match="the model knows no expression labels"):
        classify(faces_at([0, 1], ["neutral", "fear"]), Calibration())
