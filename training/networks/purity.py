"""Pose and identity taken out of expression and style, and colours out of expression, by splitter and merger alone.

They learn from latents. What a straight line tells of pose goes exactly by `training.networks.erasure`; this is for
what curves tell as well.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from model.attributes import SPACES, Attribute
from model.face_model import FaceModel
from training.losses.embedding.distillation import DistillationLoss
from training.losses.embedding.leakage import explained, lifted
from training.networks.relearning import Pace, Step, Views, relearn
from training.networks.whitening import CHUNK

PACE = Pace(steps=500, batch=2048, rate=1e-3, decay=0.01, warmup=50)
POSE_LEAKAGE: Mapping[Attribute, float] = {Attribute.EXPRESSION: 8.0, Attribute.STYLE: 3.0}
IDENTITY_LEAKAGE: Mapping[Attribute, float] = {Attribute.EXPRESSION: 2.0, Attribute.STYLE: 1.0}
COLOUR_LEAKAGE = 8.0
"""Weights of what parts tell of pose and identity, and expression of colours."""
NEARLY_FRONTAL = 0.5
"""Radians of yaw that few photographs exceed. Of what parts tell of pose, half is what they tell among the others:
profiles are most of the angles' variance where there are any, and hide what is told of usual turns."""
GRID = 4
"""Cells along each side of a picture whose colours and contrasts are asked for."""
DRAWN = 2500
"""Latents that are drawn to find in which directions these lie."""
COLOURS = 24
"""Directions of z that count as theirs."""
TAUGHT, KEPT, STAYS = 3.0, 10.0, 0.3
"""Weights of the labels' distances in expression, of what pose and identity change, and of what these two do."""
DIRECT = 0.3
"""How much each face's expression is brought to its own label, beside the distances."""
LEAST_POSES = 100


def purify(model: FaceModel, seen: Views, steps: int = PACE.steps, seed: int = 0) -> None:
    """Change splitter and merger: expression and style tell less of pose and identity, expression less of colours.

    What a ridge regression on their numbers and random features of them explains of the angles and of the angles'
    products is descended (`training.losses.embedding.leakage`), and so it is with the numbers of identity and with
    colours, the directions of z in which a drawing's coarse colours and contrasts lie. All else stays, but that
    expression learns its labels meanwhile. In exchanged embeddings, colours go with style from now on. Views without a
    pose count for nothing. Raises ValueError where fewer than `LEAST_POSES` crops have one.
    """
    seen = seen.of(seen.posed)
    loss = PurityLoss(model, seen, seed)
    relearn(model, seen.z, loss, replace(PACE, steps=steps), seed=seed, with_style=loss.colours)


class PurityLoss:
    """What `purify` descends, of views that all have a pose; also for what else a splitter learns.

    Raises ValueError where there are fewer than `LEAST_POSES` crops.
    """

    colours: Tensor
    """Directions of z `(99, COLOURS)`."""

    def __init__(self, model: FaceModel, seen: Views, seed: int = 0, who: float = 1.0, colours: float = 1.0) -> None:
        """`who` is over the weights of what is told of identity, `colours` over that of what is told of colours."""
        if len(seen.z) < LEAST_POSES:
            raise ValueError(f"the poses of {len(seen.z)} crops are too few to be taken out; {LEAST_POSES} are needed")
        self._who, self._what, self._seen, self._angles = who, colours, seen, _asked(seen.pose)
        self._labels = DistillationLoss(direct=DIRECT)
        self._generator = Generator().manual_seed(seed)
        some = torch.randperm(len(seen.z), generator=self._generator)[:DRAWN]
        self.colours = colour_directions(model.decoder, seen.z[some, 0])

    def __call__(self, step: Step) -> Tensor:
        seen, expression = self._seen, SPACES[Attribute.EXPRESSION].slice
        read, asked = step.embeddings[: len(step.rows)], self._angles[step.rows, step.view]
        who = step.before[: len(step.rows), SPACES[Attribute.IDENTITY].slice]
        frontal = asked[:, 1].abs() < NEARLY_FRONTAL
        terms = []
        for attribute, weight in POSE_LEAKAGE.items():
            part = read[:, SPACES[attribute].slice]
            told = lifted(part, self._generator)
            of_pose = explained(asked, told)
            if frontal.sum() >= LEAST_POSES:
                of_pose = (of_pose + explained(asked[frontal], lifted(part[frontal], self._generator))) / 2
            terms += [weight * of_pose, self._who * IDENTITY_LEAKAGE[attribute] * explained(who, told)]
        shown = lifted(read[:, expression], self._generator)
        terms.append(self._what * COLOUR_LEAKAGE * explained(seen.z[step.rows, step.view] @ self.colours, shown))
        for attribute, space in SPACES.items():
            held = STAYS if attribute in POSE_LEAKAGE else KEPT
            changed = F.mse_loss(step.embeddings[:, space.slice], step.before[:, space.slice])
            terms.append(held * space.size * changed)
        wanted = seen.expression_target[step.rows, step.view]
        terms.append(TAUGHT * self._labels(read[:, expression], wanted.nan_to_num(), ~wanted.isnan().any(dim=1)))
        return torch.stack(terms).sum()


@torch.no_grad()
def colour_directions(decoder: nn.Module, z: Tensor) -> Tensor:
    """Orthonormal directions `(99, COLOURS)` of z `(n, 99)` that tell most of what is drawn from it, by least squares.

    Of each of `GRID` times `GRID` cells of a drawing, asked for are mean and standard deviation of its colours.
    """
    colours = torch.cat([_colours(decoder(some)) for some in torch.split(z, CHUNK)])
    weights = torch.linalg.lstsq(z - z.mean(dim=0), colours - colours.mean(dim=0)).solution
    directions: Tensor = torch.linalg.svd(weights, full_matrices=False)[0][:, :COLOURS]
    return directions


def _colours(drawings: Tensor) -> Tensor:
    mean, squares = (F.adaptive_avg_pool2d(x, GRID).flatten(1) for x in (drawings, drawings**2))
    return torch.cat([mean, (squares - mean**2).clamp(min=0.0).sqrt()], dim=1)


def _asked(pose: Tensor) -> Tensor:
    """Pitch and yaw of poses `(n, views, 3)`, their products, and yaw cubed: `(n, views, 6)`."""
    pitch, yaw = pose[..., 0], pose[..., 1]
    return torch.stack([pitch, yaw, pitch**2, yaw**2, pitch * yaw, yaw**3], dim=-1)
