"""Pose taken out of expression and style, and colours out of expression, by splitter and merger alone, from latents.

What a straight line tells of pose goes exactly by `training.networks.erasure`; this is for what curves tell as well.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from model.attributes import SPACES, Attribute
from model.face_model import FaceModel
from training.losses.embedding.distillation import DistillationLoss
from training.losses.embedding.leakage import explained, lifted
from training.networks.relearning import Pace, Step, Views, relearn

PACE = Pace(steps=500, batch=2048, rate=1e-3, decay=0.01, warmup=50)
POSE_LEAKAGE: Mapping[Attribute, float] = {Attribute.EXPRESSION: 8.0, Attribute.STYLE: 3.0}
COLOUR_LEAKAGE = 8.0
"""Weights of what parts tell of pose, and expression of colours."""
COLOURS = 12
"""Directions of z that count as those of colours."""
TAUGHT, KEPT, STAYS = 3.0, 10.0, 0.3
"""Weights of the labels' distances in expression, of what pose and identity change, and of what these two do."""
DIRECT = 0.3
"""How much each face's expression is brought to its own label, beside the distances."""
LEAST_POSES = 100


def purify(model: FaceModel, seen: Views, steps: int = PACE.steps, seed: int = 0) -> None:
    """Change splitter and merger so that style tells less of pose, expression of pose and colours, and all else stays.

    What a ridge regression on their numbers and random features of them explains of the angles and of the angles'
    products is descended (`training.losses.embedding.leakage`), and so it is with colours, the directions of z in which
    a picture's coarse colours lie. Expression learns its labels meanwhile. In exchanged embeddings, colours go with
    style from now on. Views without a pose count for nothing. Raises ValueError where fewer than `LEAST_POSES` crops
    have one.
    """
    known = seen.posed
    if known.sum() < LEAST_POSES:
        raise ValueError(f"the poses of {int(known.sum())} crops are too few to be taken out; {LEAST_POSES} are needed")
    colours = colour_directions(seen.z[known].flatten(0, 1), seen.colours[known].flatten(0, 1))
    z, targets, angles = seen.z[known], seen.expression_target[known], _asked(seen.pose[known])
    labels = DistillationLoss(direct=DIRECT)
    generator = Generator().manual_seed(seed)

    def loss(step: Step) -> Tensor:
        read, asked = step.embeddings[: len(step.rows)], angles[step.rows, step.view]
        terms = [
            weight * explained(asked, lifted(read[:, SPACES[attribute].slice], generator))
            for attribute, weight in POSE_LEAKAGE.items()
        ]
        shown = lifted(read[:, SPACES[Attribute.EXPRESSION].slice], generator)
        terms.append(COLOUR_LEAKAGE * explained(z[step.rows, step.view] @ colours, shown))
        for attribute, space in SPACES.items():
            held = STAYS if attribute in POSE_LEAKAGE else KEPT
            changed = F.mse_loss(step.embeddings[:, space.slice], step.before[:, space.slice])
            terms.append(held * space.size * changed)
        wanted, expression = targets[step.rows, step.view], read[:, SPACES[Attribute.EXPRESSION].slice]
        terms.append(TAUGHT * labels(expression, wanted.nan_to_num(), ~wanted.isnan().any(dim=1)))
        return torch.stack(terms).sum()

    relearn(model, z, loss, replace(PACE, steps=steps), seed=seed, with_style=colours)


def colour_directions(z: Tensor, colours: Tensor) -> Tensor:
    """Orthonormal directions `(99, COLOURS)` of z `(n, 99)` that tell most of colours `(n, d)`, by least squares."""
    weights = torch.linalg.lstsq(z - z.mean(dim=0), colours - colours.mean(dim=0)).solution
    directions: Tensor = torch.linalg.svd(weights, full_matrices=False)[0][:, :COLOURS]
    return directions


def _asked(pose: Tensor) -> Tensor:
    """Pitch and yaw of poses `(n, views, 3)`, their products, and yaw cubed: `(n, views, 6)`."""
    pitch, yaw = pose[..., 0], pose[..., 1]
    return torch.stack([pitch, yaw, pitch**2, yaw**2, pitch * yaw, yaw**3], dim=-1)
