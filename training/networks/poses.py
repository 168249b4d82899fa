"""How heads are turned, learnt once more from labels by splitter and merger alone, from latents."""

from dataclasses import replace

import torch
from torch import Tensor

from model.attributes import SPACES, Attribute
from model.face_model import FaceModel
from training.networks.relearning import Pace, Step, relearn

POSE_PACE = Pace(steps=600, batch=512, rate=2e-3, decay=0.1, warmup=100)
KEPT, TURNED = 10.0, 400.0
"""Weights of what all else changes, and of how far pose is from its label, both in squares."""
POSE = SPACES[Attribute.POSE].slice


def learn_poses(model: FaceModel, z: Tensor, poses: Tensor, steps: int = POSE_PACE.steps, seed: int = 0) -> None:
    """Change splitter and merger so that pose is what labels say, and all else stays as it was.

    Latents z `(n, views, 99)` and poses `(n, views, 3)` in radians as each view shows them, NaN where they are not
    known: there pose is held to what the splitter gave before, as are the other parts, by squared differences.
    """

    def loss(step: Step) -> Tensor:
        wanted, weights = step.before.clone(), torch.full_like(step.before, KEPT)
        shown, (pose, weight) = poses[step.rows, step.view], (x[: len(step.rows), POSE] for x in (wanted, weights))
        pose.copy_(torch.where(shown.isnan(), pose, shown))
        weight.copy_(torch.where(shown.isnan(), weight, TURNED))
        return (weights * (step.embeddings - wanted).square()).sum(dim=1).mean()

    relearn(model, z, loss, replace(POSE_PACE, steps=steps), seed=seed)
