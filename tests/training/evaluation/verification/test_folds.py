from dataclasses import replace

import numpy as np
import pytest

from model.attributes import SPACES, Attribute, part
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.data.sources.lfw import Pair
from training.evaluation.faces import see
from training.evaluation.verification.folds import in_folds, report, verify

SAME = np.array([True, True, False, False])


def test_each_fold_is_decided_by_the_threshold_of_the_others() -> None:
    # Fold 0 is parted at 0.45, fold 1 at 0.85; each is then half wrong by the other's threshold.
    folds = [(np.array([0.7, 0.6, 0.3, 0.2]), SAME), (np.array([1.0, 0.9, 0.8, 0.75]), SAME)]
    result = in_folds(folds, 0, [0, 0])
    assert result.accuracy == 0.5
    assert result.deviation == 0.0
    assert result.held_out == 0.5
    assert result.auc == 1.0  # the order is perfect, only the threshold is another fold's
    false, true = result.roc
    assert (false[0], true[0], false[-1], true[-1]) == (0.0, 0.0, 1.0, 1.0)


def test_mean_and_deviation_by_hand() -> None:
    good, bad = (np.array([0.9, 0.8, 0.2, 0.1]), SAME), (np.array([0.3, 0.8, 0.9, 0.1]), SAME)
    result = in_folds([good, good, bad], 2, [0, 0, 0])
    assert result.held_out == 0.5
    assert result.accuracy == pytest.approx((1 + 1 + 0.5) / 3)
    assert result.deviation == pytest.approx(np.std([1, 1, 0.5]))
    with pytest.raises(ValueError, match="at least two folds"):
        in_folds([good], 0, [0])


def test_pairs_without_a_score_count_as_wrong() -> None:
    good = (np.array([0.9, 0.8, 0.2, 0.1]), SAME)
    result = in_folds([good, good], 1, [0, 4])
    assert result.held_out == 0.5
    assert result.accuracy == 0.75
    assert result.auc == 1.0


def test_a_model_of_identity_alone_tells_people_apart_by_identity_alone() -> None:
    faces = see(DummyModel(), crop_set(12))
    embeddings = np.repeat(faces.embeddings[:1], 12, axis=0)
    part(embeddings, Attribute.IDENTITY)[...] = np.eye(SPACES[Attribute.IDENTITY].size)[np.arange(12) // 2]
    keys = faces.labels.keys
    folds = [
        [Pair(keys[i], keys[i + 1], True) if i % 2 == 0 else Pair(keys[i], keys[i + 1], False) for i in range(s, s + 4)]
        for s in (0, 4)
    ]
    result = verify(replace(faces, embeddings=embeddings), folds, held_out=1)
    assert list(result) == [f"{sign}{name}" for name in Attribute for sign in ("", "~")]
    assert result["identity"].accuracy == result["identity"].auc == 1.0
    assert result["~identity"].auc == result["pose"].auc == 0.5
    assert result["~pose"].auc == 1.0  # identity is among the others
    shown = report("m", result, held_out=1)
    assert shown.tables[0][0][3] == "fold 2 (never trained on)"
    assert shown.figures["held_out_fold"] == 2
    assert shown.figures["identity"]["held_out"] == 1.0
