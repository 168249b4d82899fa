"""Expression labels by the nearest class mean."""

import numpy as np

from model.attributes import Attribute, part
from model.calibration import Calibration
from training.data.crops import EXPRESSIONS
from training.evaluation.faces import Faces


def balanced_accuracy(faces: Faces, calibration: Calibration, labels: tuple[str, ...]) -> float:
    """Mean over labels of the share of their faces that lie nearest to their own class mean among `labels`."""
    means = np.stack([calibration.expression_means[label] for label in labels])
    nearest = np.argmax(part(faces.embeddings, Attribute.EXPRESSION) @ means.T, axis=1)
    truth = faces.labels.expression.numpy()
    return float(np.mean([np.mean(nearest[truth == EXPRESSIONS.index(label)] == i) for i, label in enumerate(labels)]))
