"""Error of the pose sub-vector against labels."""

import numpy as np

from model.attributes import POSE_ANGLES, Attribute, part
from training.evaluation.faces import Faces


def pose_errors(faces: Faces) -> dict[str, float]:
    """Mean absolute error of each angle, in degrees, over faces with a label; empty if none has one."""
    labels = faces.labels.pose.numpy()
    known = ~np.isnan(labels).any(axis=1)
    if not known.any():
        return {}
    errors = np.abs(part(faces.embeddings, Attribute.POSE)[known] - labels[known]).mean(axis=0)
    return {angle: float(np.degrees(error)) for angle, error in zip(POSE_ANGLES, errors, strict=True)}
