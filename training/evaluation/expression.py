"""Expression labels by the nearest class mean."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, roc_auc_score

from model.attributes import Attribute, Vector, part
from model.calibration import Calibration
from training.evaluation.faces import Faces
from training.evaluation.plots import matrix
from training.evaluation.report import Report, percent
from training.targets.expression import EXPRESSIONS


def balanced_accuracy(faces: Faces, calibration: Calibration, labels: tuple[str, ...]) -> float:
    """Mean over labels of the share of their faces that lie nearest to their own class mean among `labels`."""
    nearest = np.argmax(_cosines(faces, calibration, labels), axis=1)
    truth = faces.labels.expression.numpy()
    return float(np.mean([np.mean(nearest[truth == EXPRESSIONS.index(label)] == i) for i, label in enumerate(labels)]))


@dataclass(frozen=True)
class Classification:
    """How n labelled faces are classed by the model's class means."""

    faces: int
    accuracy: float
    """Share of all labelled faces; a label of which the model has no mean is always wrong."""
    balanced: float
    """The mean of the labels' own accuracies."""
    labels: list[str]
    """Those that occur or that the model has, in the order of EXPRESSIONS."""
    auc: dict[str, float]
    """One label against the rest, by the cosine to its mean; for labels that occur, of which the model has a mean."""
    confusion: list[list[int]]
    """Faces of each label (rows) by the label that they got (columns)."""


def classify(faces: Faces, calibration: Calibration) -> Classification:
    """Class every labelled face by the nearest of all class means (8 on AffectNet).

    Raises ValueError if no face has a label or the model has no means.
    """
    truth = faces.labels.expression.numpy()
    known = truth >= 0
    means = [label for label in EXPRESSIONS if label in calibration.expression_means]
    if not known.any() or not means:
        raise ValueError("no crop has an expression label" if means else "the model has no expression means")
    cosines, truth = _cosines(faces, calibration, means)[known], truth[known]
    numbers = np.array([EXPRESSIONS.index(label) for label in means])
    found = numbers[np.argmax(cosines, axis=1)]
    rows = sorted({*truth.tolist(), *numbers.tolist()})
    confusion = confusion_matrix(truth, found, labels=rows)
    present = confusion.sum(axis=1) > 0
    recall = np.diag(confusion)[present] / confusion.sum(axis=1)[present]
    return Classification(
        faces=len(truth),
        accuracy=float(np.mean(found == truth)),
        balanced=float(recall.mean()),
        labels=[EXPRESSIONS[number] for number in rows],
        auc={
            label: float(roc_auc_score(truth == number, cosines[:, column]))
            for column, (label, number) in enumerate(zip(means, numbers, strict=True))
            if 0 < np.sum(truth == number) < len(truth)
        },
        confusion=confusion.tolist(),
    )


def report(model: str, result: Classification) -> Report:
    """The classes with their sizes, and the confusion matrix in shares of each label's faces."""
    counts = np.array(result.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    table = [["label", "faces", "accuracy", "AUC"]]
    for row, label in enumerate(result.labels):
        auc = f"{result.auc[label]:.4f}" if label in result.auc else "-"
        right = percent(shares[row, row]) if counts[row].any() else "-"
        table.append([label, str(counts[row].sum()), right, auc])
    table.append(["all", str(result.faces), percent(result.accuracy), "-"])
    table.append(["mean of labels", str(result.faces), percent(result.balanced), "-"])
    plot = matrix(shares, result.labels, result.labels, "found", "label")
    return Report("affectnet", model, asdict(result), [table], plot)


def _cosines(faces: Faces, calibration: Calibration, labels: Sequence[str]) -> NDArray[np.floating]:
    means: Vector = np.stack([calibration.expression_means[label] for label in labels])
    return np.asarray(part(faces.embeddings, Attribute.EXPRESSION) @ means.T)
