"""Describes a face of a photograph: box, landmarks, pose in degrees, expression, quality."""

import math

from model.attributes import POSE_ANGLES, Attribute, Vector, part
from model.engine.backend import Backend
from model.faces import quality
from worker.interface import Face, Quality
from worker.local.aligner import AlignedFace


def described(face: AlignedFace, embedding: Vector, likeness: float | None, backend: Backend) -> Face:
    """A face with its embedding `(99,)`, made by a model, as callers see it.

    `likeness` is the quality's part of that name; None where the face was not drawn back.
    """
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
        quality=_quality(face, part(embedding, Attribute.POSE), likeness, backend.read_size),
    )


def _quality(face: AlignedFace, pose: Vector, likeness: float | None, read_size: int) -> Quality:
    parts = quality.parts(face.detection, face.frame, face.sharpness, pose, read_size)
    score = math.prod(parts.values()) * (1.0 if likeness is None else likeness)
    return Quality(score, **parts, likeness=likeness)
