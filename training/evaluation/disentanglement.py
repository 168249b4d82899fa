"""What each sub-vector tells about each attribute: the same probe for all of them."""

from collections.abc import Mapping

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.attributes import Attribute, Vector, part
from training.evaluation.edits import EditLaw
from training.evaluation.faces import Faces
from training.evaluation.plots import matrix
from training.evaluation.report import Report, percent

FOLDS = 5
Table = dict[Attribute, dict[Attribute, float]]
"""Probe scores by the sub-vector that is read (outer) and the attribute that is asked for (inner)."""


def attribute_labels(faces: Faces) -> dict[Attribute, Vector]:
    """What an attribute is outside the model, `(n, …)`, NaN where it is not known.

    Pose is Face Landmarker's angles, identity dlib's features, expression the blendshapes; for style, which nobody
    labels, the mean and the deviation of each colour within the photograph.
    """
    shown = np.where(faces.masks[..., None], faces.pixels.astype(np.float32), np.nan)
    light = np.concatenate([np.nanmean(shown, axis=(1, 2)), np.nanstd(shown, axis=(1, 2))], axis=1)
    return {
        Attribute.POSE: faces.labels.pose.numpy(),
        Attribute.IDENTITY: faces.labels.features["teacher"],
        Attribute.EXPRESSION: faces.labels.features["blendshapes"],
        Attribute.STYLE: light.astype(np.float32),
    }


def probe(faces: Faces) -> Table:
    """How well each attribute is predicted from each sub-vector: R² on people whom the probe did not see.

    The probe is ridge regression with a Gaussian kernel as wide as the standardised sub-vector is long; R² is the
    explained share of all numbers' variance together, 1 at best and about 0 by chance. Raises ValueError if fewer
    than five people carry all labels.
    """
    labels = attribute_labels(faces)
    known = ~np.isnan(np.concatenate(list(labels.values()), axis=1)).any(axis=1)
    people = np.array([person or key for person, key in zip(faces.labels.people, faces.labels.keys, strict=True)])
    if len(set(people[known])) < FOLDS:
        raise ValueError(f"the probe needs at least {FOLDS} people with labels of pose, identity and expression")
    return {
        read: {
            asked: _explained(part(faces.embeddings, read)[known], label[known], people[known])
            for asked, label in labels.items()
        }
        for read in Attribute
    }


def _explained(inputs: Vector, label: Vector, people: np.ndarray) -> float:
    # Centred, because kernel ridge has no constant term; all labels weigh by their variance.
    truth = label - label.mean(axis=0)
    ridge = make_pipeline(StandardScaler(), KernelRidge(kernel="rbf", gamma=0.5 / inputs.shape[1]))
    predicted = cross_val_predict(ridge, inputs, truth, groups=people, cv=GroupKFold(FOLDS))
    return float(r2_score(truth, predicted, multioutput="variance_weighted"))


def report(model: str, table: Table, laws: Mapping[str, EditLaw]) -> Report:
    """The 4×4 table of the probe, and the consistency of edits by the model's own reading."""
    names = [str(attribute) for attribute in Attribute]
    values = [[table[read][asked] for asked in Attribute] for read in Attribute]
    probed = [["R² of", *names]]
    probed += [[f"from {name}", *(f"{value:.3f}" for value in row)] for name, row in zip(names, values, strict=True)]
    edits = [["after a swap of", *names]]
    edits += [["arrived", *(percent(laws[name].arrived) for name in names)]]
    edits += [["others kept, mean", *(f"{np.mean(list(laws[name].kept.values())):.3f}" for name in names)]]
    figures = {
        "r2": {str(read): {str(asked): value for asked, value in row.items()} for read, row in table.items()},
        "edits": {name: {"arrived": law.arrived, "kept": law.kept} for name, law in laws.items()},
    }
    plot = matrix(values, names, names, "attribute that is asked for (R²)", "sub-vector that is read")
    return Report("disentanglement", model, figures, [probed, edits], plot)
