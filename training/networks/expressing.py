"""Drawn faces show the expression that is asked for, and the person, as far as outside networks see it in them.

Splitter and merger alone learn. The outside networks read what the decoder draws from many latents, small networks
learn to tell from a latent what they read, and through those the merger learns which latents are to be drawn.
Photographs are drawn back meanwhile (`training.networks.drawing_back`).
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from model.attributes import POSE_ANGLES, SPACES, Attribute
from model.engine.backend import Pixels
from model.face_model import FaceModel
from training.losses.embedding.leakage import explained, lifted
from training.networks.drawing_back import DrawnBackLoss, Look
from training.networks.poses import POSE_PACE, learn_poses
from training.networks.purity import PurityLoss
from training.networks.reading_latents import STEPS, LatentReader
from training.networks.relearning import NOISE, Exchange, Pace, Views, givers_of, relearn
from training.networks.whitening import CHUNK
from training.runtime.sheets import to_pixels
from training.targets.blendshapes import BLENDSHAPES
from training.targets.expression import WithoutPose

Read = Callable[[Pixels], Tensor]
"""What an outside network reads in pictures `(n, size, size, 3)`: numbers `(n, d)`, NaN where it finds no face."""
MergerLoss = Callable[[Exchange], Tensor]

PACE = Pace(steps=600, batch=1024, rate=1e-3, decay=0.01, warmup=50)
"""Of splitter and merger."""
CHANCES, AMONG = (0.12, 0.24, 0.47, 0.17), (0.0, 0.5)
"""How often pose, identity, expression and style are exchanged, where something is, and in which share of the rows:
three of four photographs, and no random z, of which nothing is known."""
DRAWN_AMONG = (0.15, 1.0)
"""Likewise, of the latents that are drawn."""
ROUNDS = 2
"""How often latents are drawn and read; the second time they are as the merger makes them after the first."""
EMPHASIS = 1.1
"""How far blendshapes are to be from their mean, over what photographs show: what can be told of them from the parts is
drawn too small otherwise, as least squares has it."""
SHOWN, TURNED = 20.0, 48.0
"""Weights of what blendshapes and angles of an exchanged expression are off, in squares, summed over their numbers."""
TOLD = 8.0
"""Weight of what the numbers of expression tell of blendshapes."""
ALIKE = 200.0
"""Weight of how far descriptors are from those of the photograph that identity comes from, in squares."""
KEPT, COLOURS, REREAD = 5.0, 30.0, 12.0
"""Weights of what latents change where expression is not exchanged, of what any change in colours, and of how far
identity and style are from what was asked for when they are split again."""
WHO, WHAT = 2.5, 1.5
"""What it costs that expression and style tell of identity, and expression of colours, over what it does in
`training.networks.purity`: they are asked for more of what a resting face and a photograph show, too."""
LEAST_READ = 100


class Likeness(NamedTuple):
    """What a face recognition network sees."""

    describe: Read
    """Its descriptors of pictures."""
    photographed: Tensor
    """`(n, d)`: those of the crops that are learnt from."""


class Effort(NamedTuple):
    """How long is learnt."""

    steps: int = PACE.steps
    """Of splitter and merger, each time."""
    drawn: int = 14_000
    """Latents that are drawn and read, each time."""
    reader_steps: int = STEPS
    """Of each small network, each time."""
    pose_steps: int = POSE_PACE.steps
    """Of splitter and merger, at the end, for pose."""


ENOUGH = Effort()
SHAPES = len(BLENDSHAPES)
ANGLES = len(POSE_ANGLES)
POSE, IDENTITY, EXPRESSION = (
    SPACES[attribute].slice for attribute in (Attribute.POSE, Attribute.IDENTITY, Attribute.EXPRESSION)
)
REREAD_PARTS = (Attribute.IDENTITY, Attribute.STYLE)


def express(
    model: FaceModel,
    seen: Views,
    read: Read,
    likeness: Likeness | None = None,
    photographs: Look | None = None,
    effort: Effort = ENOUGH,
    seed: int = 0,
) -> None:
    """Change splitter and merger so that an outside network sees in drawn faces the expression that they were given.

    A face with another's expression should have the blendshapes of the other, less what its own pose explains of those,
    plus what the drawn pose does. Expression stays pure meanwhile (`training.networks.purity`), and gains what helps.
    With `likeness` each drawing should also have the descriptor of the photograph that its identity comes from; without
    it, identity loses what expression gains. `photographs` are then drawn back as they were. Pose, which loses by all
    that, learns its labels at the end. `read` gives 52 blendshapes and three angles. Raises ValueError where fewer than
    `LEAST_READ` crops have pose and blendshapes, or as few drawings are read.
    """
    known = seen.posed & ~seen.blendshapes.isnan().flatten(1).any(dim=1)
    seen = seen.of(known)
    purity = PurityLoss(model, seen, seed, WHO, WHAT)
    begun, generator = deepcopy(model), Generator().manual_seed(seed)
    reads = (read, likeness.describe) if likeness else (read,)
    drawn: list[Tensor] = []
    found: list[list[Tensor]] = []
    for _ in range(ROUNDS):
        drawn.append(_exchanged(model, seen, effort.drawn, generator))
        found.append(read_drawn(model.decoder, drawn[-1], *reads))
        heads, *people = (_reader(torch.cat(drawn), torch.cat(each), effort, seed) for each in zip(*found, strict=True))
        losses: list[MergerLoss] = [ShownLoss(seen, heads, purity.colours, seed)]
        if likeness:
            losses.append(AlikeLoss(likeness.photographed[known], *people))
        if photographs:
            losses.append(DrawnBackLoss(model.decoder, photographs, known.nonzero()[:, 0]))
        for learnt, first in ((model.splitter, begun.splitter), (model.merger, begun.merger)):
            learnt.load_state_dict(first.state_dict())
        relearn(
            model,
            seen.z,
            purity,
            replace(PACE, steps=effort.steps),
            seed=seed,
            with_style=purity.colours,
            merger_loss=_sum_of(losses),
            chances=CHANCES,
            among=AMONG,
        )
    learn_poses(model, seen.z, seen.pose, effort.pose_steps, seed)


class ShownLoss:
    """What a reader of latents says of exchanged expressions, how far all else moved, and what expression tells."""

    def __init__(self, seen: Views, reader: nn.Module, colours: Tensor, seed: int = 0) -> None:
        shapes, pose = seen.blendshapes.flatten(0, 1), seen.pose.flatten(0, 1)
        of_pose = torch.from_numpy(WithoutPose.fit(shapes.numpy(), pose.numpy()).of_pose(pose.numpy()))
        self._rest, self._of_pose = (x.reshape(seen.blendshapes.shape) for x in (shapes - of_pose, of_pose))
        self._mean = (shapes - of_pose).mean(dim=0)
        self._generator = Generator().manual_seed(seed)
        self._pose, self._reader, self._colours = seen.pose, reader, colours

    def __call__(self, exchange: Exchange) -> Tensor:
        step, latents, givers = exchange.step, exchange.latents, exchange.givers
        expression, pose = givers[:, EXPRESSION.start], givers[:, POSE.start]
        other = expression != torch.arange(len(latents))
        # Of photographs, all of them (`AMONG`).
        faces, turned = ((step.rows[of[other]], step.view[of[other]]) for of in (expression, pose))
        wanted = self._mean + EMPHASIS * (self._rest[faces] - self._mean) + self._of_pose[turned]
        shapes, angles = self._reader(latents[other]).split([SHAPES, ANGLES], dim=1)
        moved = latents - exchange.asked
        again = exchange.splitter(latents)
        parts = [SPACES[attribute].slice for attribute in REREAD_PARTS]
        told = lifted(step.embeddings[: len(step.rows), EXPRESSION], self._generator)
        alike = [F.cosine_similarity(again[:, part], exchange.embeddings[:, part]).mean() for part in parts]
        value: Tensor = (
            SHOWN * (shapes - wanted.clamp(0.0, 1.0)).pow(2).sum(dim=1).mean()
            + TURNED * (angles - self._pose[turned]).pow(2).sum(dim=1).mean()
            + KEPT * moved[~other].pow(2).mean()
            + COLOURS * (moved @ self._colours).pow(2).mean()
            + REREAD * (len(parts) - torch.stack(alike).sum())
            - TOLD * explained(self._rest[step.rows, step.view], told)
        )
        return value


class AlikeLoss:
    """How far the merger's latents are from showing the photographed people, to a reader of latents."""

    def __init__(self, photographed: Tensor, reader: nn.Module) -> None:
        """`photographed` `(n, d)` is what the reader should tell of a drawing of the person in each crop."""
        self._photographed, self._reader = photographed, reader

    def __call__(self, exchange: Exchange) -> Tensor:
        rows, person = exchange.step.rows, exchange.givers[:, IDENTITY.start]
        known = person < len(rows)  # the others are random
        wanted = self._photographed[rows[person[known]]]
        apart: Tensor = self._reader(exchange.latents[known]) - wanted
        return ALIKE * apart.pow(2).sum(dim=1).mean()


@torch.no_grad()
def read_drawn(decoder: nn.Module, z: Tensor, *reads: Read) -> list[Tensor]:
    """What each network reads in the drawings of latents `(n, 99)`: `(n, d)`."""
    found = []
    for some in torch.split(z, CHUNK):
        pictures = to_pixels(decoder(some).clamp(-1.0, 1.0))
        found.append([read(pictures) for read in reads])
    return [torch.cat(each) for each in zip(*found, strict=True)]


@torch.no_grad()
def _exchanged(model: FaceModel, seen: Views, count: int, generator: Generator) -> Tensor:
    """Latents `(count, 99)` as the merger makes them of exchanged embeddings, and near them."""
    rows = torch.randint(len(seen.z), (count,), generator=generator)
    view = torch.randint(seen.z.shape[1], (count,), generator=generator)
    f = model.splitter(seen.z[rows, view])
    seed = int(torch.randint(2**31, (), generator=generator))
    z: Tensor = model.merger(f.gather(0, givers_of(count, seed, CHANCES, DRAWN_AMONG)))
    return z + NOISE * torch.randn(z.shape, generator=generator)


def _reader(z: Tensor, numbers: Tensor, effort: Effort, seed: int) -> LatentReader:
    found = ~numbers.isnan().any(dim=1)
    if found.sum() < LEAST_READ:
        raise ValueError(f"of {len(z)} drawn faces {int(found.sum())} were found; {LEAST_READ} are needed")
    return LatentReader.fit(z[found], numbers[found], steps=effort.reader_steps, seed=seed)


def _sum_of(losses: Sequence[MergerLoss]) -> MergerLoss:
    return lambda exchange: torch.stack([loss(exchange) for loss in losses]).sum()
