"""Expression labels by the model's own classifier."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, roc_auc_score

from model.attributes import Attribute, part
from model.calibration import Calibration
from training.evaluation.faces import Faces
from training.evaluation.plots import matrix
from training.evaluation.report import Report, percent
from training.targets.expression import EXPRESSIONS


def balanced_accuracy(faces: Faces, calibration: Calibration, labels: tuple[str, ...]) -> float:
    """Mean over labels of the share of their faces for which their own is the likeliest among `labels`."""
    likeliest = np.argmax(_logits(faces, calibration, labels), axis=1)
    truth = faces.labels.expression.numpy()
    return float(
        np.mean([np.mean(likeliest[truth == EXPRESSIONS.index(label)] == i) for i, label in enumerate(labels)])
    )


@dataclass(frozen=True)
class Classification:
    """How n labelled faces are classed by the model."""

    faces: int
    accuracy: float
    """Share of all labelled faces; a label that the model does not know is always wrong."""
    balanced: float
    """The mean of the labels' own accuracies."""
    labels: list[str]
    """Those that occur or that the model has, in the order of EXPRESSIONS."""
    auc: dict[str, float]
    """One label against the rest, by its logit; for labels that occur and that the model knows."""
    confusion: list[list[int]]
    """Faces of each label (rows) by the label that they got (columns)."""


def classify(faces: Faces, calibration: Calibration) -> Classification:
    """Class every labelled face by the likeliest of all labels that the model knows (8 on AffectNet).

    Raises ValueError if no face has a label or the model knows none.
    """
    truth = faces.labels.expression.numpy()
    known = truth >= 0
    labels = [label for label in EXPRESSIONS if label in calibration.expression_classifier]
    if not known.any() or not labels:
        raise ValueError("no crop has an expression label" if labels else "the model knows no expression labels")
    logits, truth = _logits(faces, calibration, labels)[known], truth[known]
    numbers = np.array([EXPRESSIONS.index(label) for label in labels])
    found = numbers[np.argmax(logits, axis=1)]
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
            label: float(roc_auc_score(truth == number, logits[:, column]))
            for column, (label, number) in enumerate(zip(labels, numbers, strict=True))
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


def _logits(faces: Faces, calibration: Calibration, labels: Sequence[str]) -> NDArray[np.floating]:
    columns = [[*calibration.expression_classifier].index(label) for label in labels]
    return calibration.expression_logits(part(faces.embeddings, Attribute.EXPRESSION))[:, columns]
