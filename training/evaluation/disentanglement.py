"""What each sub-vector tells of each attribute: two probes and a search, the same for all of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.attributes import POSE_ANGLES, Attribute, Vector, distance, part
from training.evaluation.edits import EditLaw
from training.evaluation.faces import Faces
from training.evaluation.plots import matrix
from training.evaluation.report import Report, percent
from training.evaluation.report import Table as Rows

FOLDS = 5
NEAREST = 10
Table = dict[str, dict[str, float]]
"""A figure by the sub-vector that is read (outer) and the label that is asked for (inner)."""


@dataclass(frozen=True)
class Disentanglement:
    """What is read from each sub-vector about each label, on people whom the probes did not see."""

    ridge: Table
    """R² of ridge regression: 1 at best, about 0 by chance."""
    kernel: Table
    """R² of ridge regression with a Gaussian kernel, which finds what is hidden from a straight line."""
    nearest: Table
    """Mean difference of the label to the ten nearest faces over that to all others: 1 where the search ignores it."""


def attribute_labels(faces: Faces) -> dict[str, Vector]:
    """What a face is outside the model, each `(n, d)`, NaN where it is not known.

    The angles are Face Landmarker's in degrees, identity dlib's features, expression the blendshapes; for style, which
    nobody labels, the mean and the deviation of each colour within the photograph.
    """
    shown = np.where(faces.masks[..., None], faces.pixels.astype(np.float32), np.nan)
    light = np.concatenate([np.nanmean(shown, axis=(1, 2)), np.nanstd(shown, axis=(1, 2))], axis=1)
    angles = np.degrees(faces.labels.pose.numpy())
    return {
        **{name: angles[:, place : place + 1] for place, name in enumerate(POSE_ANGLES)},
        "identity": faces.labels.features["teacher"],
        "expression": faces.labels.features["blendshapes"],
        "style": light.astype(np.float32),
    }


def measure(faces: Faces) -> Disentanglement:
    """Ask each sub-vector for each label. Raises ValueError if fewer than five people carry all labels."""
    labels = attribute_labels(faces)
    known = ~np.isnan(np.concatenate(list(labels.values()), axis=1)).any(axis=1)
    people = np.array([person or key for person, key in zip(faces.labels.people, faces.labels.keys, strict=True)])
    if len(set(people[known])) < FOLDS:
        raise ValueError(f"the probes need at least {FOLDS} people with labels of pose, identity and expression")
    labels, people = {name: label[known] for name, label in labels.items()}, people[known]
    ridge, kernel, nearest = {}, {}, {}
    for read in Attribute:
        sub_vector = part(faces.embeddings, read)[known]
        gaussian = KernelRidge(kernel="rbf", gamma=0.5 / sub_vector.shape[1])  # as wide as the vector is long
        near = _nearest(read, sub_vector)
        ridge[str(read)] = {name: _explained(Ridge(), sub_vector, label, people) for name, label in labels.items()}
        kernel[str(read)] = {name: _explained(gaussian, sub_vector, label, people) for name, label in labels.items()}
        nearest[str(read)] = {name: _difference(label, near) for name, label in labels.items()}
    return Disentanglement(ridge, kernel, nearest)


def _explained(probe: BaseEstimator, inputs: Vector, label: Vector, people: np.ndarray) -> float:
    """R² over five folds by person: the explained share of all numbers' variance together."""
    truth = label - label.mean(axis=0)  # kernel ridge has no constant term
    predicted = cross_val_predict(
        make_pipeline(StandardScaler(), probe), inputs, truth, groups=people, cv=GroupKFold(FOLDS)
    )
    return float(r2_score(truth, predicted, multioutput="variance_weighted"))


def _nearest(attribute: Attribute, sub_vector: Vector) -> np.ndarray:
    """The rows `(n, 10)` of the nearest other faces by one sub-vector, or of all others where there are fewer."""
    apart = np.stack([distance(attribute, one[None], sub_vector) for one in sub_vector])
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1)[:, : min(NEAREST, len(apart) - 1)]


def _difference(label: Vector, near: np.ndarray) -> float:
    """How far a label is from that of the nearest faces, over how far it is from all others; Euclidean."""
    apart = np.stack([np.linalg.norm(label - one, axis=1) for one in label])
    return float(np.take_along_axis(apart, near, axis=1).mean() / (apart.sum() / (len(apart) * (len(apart) - 1))))


def report(model: str, measured: Disentanglement, laws: Mapping[str, EditLaw]) -> Report:
    """What the probes and the search found, and the consistency of edits by the model's own reading."""
    names = [str(attribute) for attribute in Attribute]
    tables = [
        _rows("R² of ridge regression", measured.ridge),
        _rows("R² with a Gaussian kernel", measured.kernel),
        _rows("difference to the ten nearest over that to all", measured.nearest),
    ]
    edits = [["after a swap of", *names]]
    edits += [["arrived", *(percent(laws[name].arrived) for name in names)]]
    edits += [["others kept, mean", *(f"{np.mean(list(laws[name].kept.values())):.3f}" for name in names)]]
    laws_figures = {name: {"arrived": law.arrived, "kept": law.kept} for name, law in laws.items()}
    figures: dict[str, Any] = asdict(measured) | {"edits": laws_figures}
    asked = list(measured.kernel[names[0]])
    values = [list(row.values()) for row in measured.kernel.values()]
    plot = matrix(values, names, asked, "what is asked for (R², Gaussian kernel)", "sub-vector that is read")
    return Report("disentanglement", model, figures, [*tables, edits], plot)


def _rows(title: str, table: Table) -> Rows:
    asked = list(next(iter(table.values())))
    return [[title, *asked], *([f"{read}", *(f"{row[name]:.3f}" for name in asked)] for read, row in table.items())]
