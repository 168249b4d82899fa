"""Pose: the angles in radians that Face Landmarker read, learnt by regression."""

from model.attributes import Attribute
from training.losses.embedding.pose import PoseLoss
from training.losses.loss_term import SPLITTING, Term

TERMS = {
    "pose": Term(SPLITTING, lambda *_: PoseLoss(), lambda loss, p: loss(*p.regression(Attribute.POSE, "pose"))),
}
