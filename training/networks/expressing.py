"""Drawn faces show the expression that is asked for, as far as an outside network sees it in them.

Splitter and merger alone learn. The outside network reads what the decoder draws from many latents, a small network
learns to tell from a latent what it reads, and through that one the merger learns which latents are to be drawn.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from model.attributes import POSE_ANGLES, SPACES, Attribute
from model.engine.backend import Pixels
from model.face_model import FaceModel
from training.networks.purity import PurityLoss
from training.networks.reading_latents import STEPS, LatentReader
from training.networks.relearning import NOISE, Exchange, Pace, Views, givers_of, relearn
from training.networks.whitening import CHUNK
from training.runtime.sheets import to_pixels
from training.targets.blendshapes import BLENDSHAPES
from training.targets.expression import WithoutPose

Read = Callable[[Pixels], Tensor]
"""What an outside network reads in pictures `(n, size, size, 3)`: 52 blendshapes and three angles, `(n, 55)`; NaN where
it finds no face."""

PACE = Pace(steps=400, batch=1024, rate=1e-3, decay=0.01, warmup=50)
"""Of splitter and merger."""
CHANCES = (0.1, 0.1, 0.7, 0.1)
"""How often pose, identity, expression and style are exchanged, where something is."""
ROUNDS = 2
"""How often latents are drawn and read; the second time they are as the merger makes them after the first."""
SHOWN, TURNED = 15.0, 45.0
"""Weights of what blendshapes and angles of an exchanged expression are off, in squares, summed over their numbers."""
KEPT, COLOURS, REREAD = 30.0, 30.0, 12.0
"""Weights of what latents change where expression is not exchanged, of what any change in colours, and of how far
identity and style are from what was asked for when they are split again."""
WHO = 2.5
"""What it costs that expression and style tell of identity, over what it does in `training.networks.purity`: they are
asked for more of what a resting face shows, too."""
LEAST_READ = 100


class Effort(NamedTuple):
    """How long is learnt."""

    steps: int = PACE.steps
    """Of splitter and merger, each time."""
    drawn: int = 14_000
    """Latents that are drawn and read, each time."""
    reader_steps: int = STEPS
    """Of the small network, each time."""


ENOUGH = Effort()
SHAPES = len(BLENDSHAPES)
ANGLES = len(POSE_ANGLES)
EXPRESSION, POSE = SPACES[Attribute.EXPRESSION].slice, SPACES[Attribute.POSE].slice
REREAD_PARTS = (Attribute.IDENTITY, Attribute.STYLE)


def express(model: FaceModel, seen: Views, read: Read, effort: Effort = ENOUGH, seed: int = 0) -> None:
    """Change splitter and merger so that an outside network sees in drawn faces the expression that they were given.

    A face with another's expression should have the blendshapes of the other, less what its own pose explains of those,
    plus what the drawn pose does. Expression stays pure meanwhile (`training.networks.purity`), and gains what helps.
    Raises ValueError where fewer than `LEAST_READ` crops have pose and blendshapes, or as few drawings are read.
    """
    seen = seen.of(seen.posed & ~seen.blendshapes.isnan().flatten(1).any(dim=1))
    purity = PurityLoss(model, seen, seed, WHO)
    begun, generator = deepcopy(model), Generator().manual_seed(seed)
    latents, readings = [], []
    for _ in range(ROUNDS):
        latents.append(_exchanged(model, seen, effort.drawn, generator))
        readings.append(read_drawn(model.decoder, latents[-1], read))
        found = _found(torch.cat(latents), torch.cat(readings))
        reader = LatentReader.fit(*found, steps=effort.reader_steps, seed=seed)
        for learnt, first in ((model.splitter, begun.splitter), (model.merger, begun.merger)):
            learnt.load_state_dict(first.state_dict())
        shown = ShownLoss(seen, reader, purity.colours)
        pace = replace(PACE, steps=effort.steps)
        relearn(model, seen.z, purity, pace, seed=seed, with_style=purity.colours, merger_loss=shown, chances=CHANCES)


class ShownLoss:
    """What a reader of latents says of exchanged expressions after the merger, and how far all else moved."""

    def __init__(self, seen: Views, reader: nn.Module, colours: Tensor) -> None:
        shapes, pose = seen.blendshapes.flatten(0, 1), seen.pose.flatten(0, 1)
        of_pose = torch.from_numpy(WithoutPose.fit(shapes.numpy(), pose.numpy()).of_pose(pose.numpy()))
        self._rest, self._of_pose = (x.reshape(seen.blendshapes.shape) for x in (shapes - of_pose, of_pose))
        self._pose, self._reader, self._colours = seen.pose, reader, colours

    def __call__(self, exchange: Exchange) -> Tensor:
        step, latents, givers = exchange.step, exchange.latents, exchange.givers
        expression, pose = givers[:, EXPRESSION.start], givers[:, POSE.start]
        other = expression != torch.arange(len(latents))
        known = other & (torch.maximum(expression, pose) < len(step.rows))  # the others are random
        faces, turned = ((step.rows[of[known]], step.view[of[known]]) for of in (expression, pose))
        wanted = (self._rest[faces] + self._of_pose[turned]).clamp(0.0, 1.0)
        shapes, angles = self._reader(latents[known]).split([SHAPES, ANGLES], dim=1)
        moved = latents - exchange.asked
        again = exchange.splitter(latents)
        parts = [SPACES[attribute].slice for attribute in REREAD_PARTS]
        alike = [F.cosine_similarity(again[:, part], exchange.embeddings[:, part]).mean() for part in parts]
        value: Tensor = (
            SHOWN * (shapes - wanted).pow(2).sum(dim=1).mean()
            + TURNED * (angles - self._pose[turned]).pow(2).sum(dim=1).mean()
            + KEPT * moved[~other].pow(2).mean()
            + COLOURS * (moved @ self._colours).pow(2).mean()
            + REREAD * (len(parts) - torch.stack(alike).sum())
        )
        return value


@torch.no_grad()
def read_drawn(decoder: nn.Module, z: Tensor, read: Read) -> Tensor:
    """What is read in the drawings of latents `(n, 99)`: `(n, 55)`."""
    return torch.cat([read(to_pixels(decoder(some).clamp(-1.0, 1.0))) for some in torch.split(z, CHUNK)])


@torch.no_grad()
def _exchanged(model: FaceModel, seen: Views, count: int, generator: Generator) -> Tensor:
    """Latents `(count, 99)` as the merger makes them of exchanged embeddings, and near them."""
    rows = torch.randint(len(seen.z), (count,), generator=generator)
    view = torch.randint(seen.z.shape[1], (count,), generator=generator)
    f = model.splitter(seen.z[rows, view])
    seed = int(torch.randint(2**31, (), generator=generator))
    z: Tensor = model.merger(f.gather(0, givers_of(count, seed, CHANCES)))
    return z + NOISE * torch.randn(z.shape, generator=generator)


def _found(z: Tensor, readings: Tensor) -> tuple[Tensor, Tensor]:
    found = ~readings.isnan().any(dim=1)
    if found.sum() < LEAST_READ:
        raise ValueError(f"of {len(z)} drawn faces {int(found.sum())} were found; {LEAST_READ} are needed")
    return z[found], readings[found]
