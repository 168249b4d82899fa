"""Describes a face of a photograph: box, landmarks, pose in degrees, expression."""

import math

from model.attributes import POSE_ANGLES, Attribute, Vector, part
from model.engine.backend import Backend
from worker.interface import Face
from worker.local.aligner import AlignedFace


def described(face: AlignedFace, embedding: Vector, backend: Backend) -> Face:
    """A face with its embedding `(99,)`, made by a model, as callers see it."""
    angles = dict(zip(POSE_ANGLES, part(embedding, Attribute.POSE).tolist(), strict=True))
    # The crop stands in the frame: in the photograph a face is tilted by both.
    angles["roll"] = math.remainder(angles["roll"] + face.frame.rotation, math.tau)
    landmarks = face.detection.landmarks
    return Face(
        box=face.detection.box,
        score=face.detection.score,
        landmarks=None if landmarks is None else tuple((float(x), float(y)) for x, y in landmarks),
        embedding=embedding,
        pose_degrees={name: math.degrees(angle) for name, angle in angles.items()},
        expression=backend.calibration.expression_probabilities(part(embedding, Attribute.EXPRESSION)),
        model=backend.id,
    )
