"""Verification in folds, as LFW's View 2 has them: each is decided by the threshold that is best on the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from model.attributes import Attribute
from training.data.sources.lfw import Pair
from training.evaluation.faces import Faces
from training.evaluation.plots import curves
from training.evaluation.report import Report, percent
from training.evaluation.verification.lfw import PairScores, Scores, accuracy, best_threshold, score_pairs


@dataclass(frozen=True)
class Verification:
    """How one score decides the pairs."""

    accuracy: float
    """Mean over folds."""
    deviation: float
    """Standard deviation over folds."""
    held_out: float
    """Accuracy on the fold whose people the model was not trained on."""
    auc: float
    """Area under the held-out fold's ROC curve."""
    roc: tuple[list[float], list[float]]
    """The held-out fold's false and true positive rates."""


def in_folds(folds: Sequence[tuple[Scores, NDArray[np.bool_]]], held_out: int, missing: Sequence[int]) -> Verification:
    """Judge a score by its values and the truth in each fold; `held_out` counts from 0.

    `missing` of each fold's pairs have no score, because a face was not found: they count as decided wrongly. Raises
    ValueError with fewer than two folds.
    """
    if len(folds) < 2:
        raise ValueError("a threshold from the other folds needs at least two folds")
    accuracies = []
    for number, (scores, same) in enumerate(folds):
        others = [fold for place, fold in enumerate(folds) if place != number]
        other_scores, other_same = (np.concatenate(column) for column in zip(*others, strict=True))
        right = accuracy(scores, same, best_threshold(other_scores, other_same))
        accuracies.append(right * len(same) / (len(same) + missing[number]))
    scores, same = folds[held_out]
    false, true, _ = roc_curve(same, scores)
    return Verification(
        accuracy=float(np.mean(accuracies)),
        deviation=float(np.std(accuracies)),
        held_out=accuracies[held_out],
        auc=float(roc_auc_score(same, scores)),
        roc=(false.tolist(), true.tolist()),
    )


def verify(faces: Faces, folds: Sequence[Sequence[Pair]], held_out: int) -> dict[str, Verification]:
    """Each sub-vector and its complement (`~identity`) as the score; `held_out` counts from 0.

    Raises ValueError if a fold has none of its pictures among the faces.
    """
    scored, missing = zip(*(score_pairs(faces, fold) for fold in folds), strict=True)
    kinds: dict[str, Callable[[PairScores], Scores]] = {}
    for attribute in Attribute:
        kinds[str(attribute)] = partial(PairScores.by, attribute=attribute)
        kinds[f"~{attribute}"] = partial(PairScores.without, attribute=attribute)
    return {
        name: in_folds([(score(fold), fold.same) for fold in scored], held_out, missing)
        for name, score in kinds.items()
    }


def report(model: str, result: Mapping[str, Verification], held_out: int) -> Report:
    """All folds, and the one fold of strangers; `held_out` counts from 0 and is shown from 1."""
    strangers = f"fold {held_out + 1} (never trained on)"
    table = [["sub-vector", "all folds (others trained on)", "deviation", strangers, "its AUC"]]
    table += [
        [name, percent(one.accuracy), percent(one.deviation), percent(one.held_out), f"{one.auc:.4f}"]
        for name, one in result.items()
    ]
    figures = {"held_out_fold": held_out + 1} | {name: asdict(one) for name, one in result.items()}
    shown = {f"{name}: AUC {one.auc:.3f}": one.roc for name, one in result.items()}
    plot = curves(shown, f"false positive rate, {strangers}", "true positive rate")
    return Report("lfw", model, figures, [table], plot)
