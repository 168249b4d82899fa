"""Splitter and merger alone, from latents: what they learn once more before a model is exported."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.face_model import FaceModel
from training.data.augmentation import Augmentation, frame, random_framing, still
from training.data.crops import CropSet
from training.forward_passes import swap
from training.networks.whitening import CHUNK
from training.targets.blendshapes import mirrored

VIEWS = 3
"""Latents of each crop: as it was found, and in random frames."""
NOISE = 0.1
"""Deviation of what is added to latents, which have a deviation near 1."""
MERGED = 30.0
"""Weight of what the merger changes."""
EVENLY = (0.25, 0.25, 0.25, 0.25)
"""How often pose, identity, expression and style are exchanged, where something is."""
SECOND_HALF = (0.5, 1.0)
"""From which to which share of the rows one part is exchanged; the random z, a third of all, are the last rows."""


@dataclass(frozen=True)
class Views:
    """n crops as the encoder sees each in several frames."""

    z: Tensor
    """`(n, views, 99)`"""
    pose: Tensor
    """`(n, views, 3)` radians as each shows it; NaN where it is not known."""
    expression_target: Tensor
    """`(n, views, 32)`, likewise."""
    blendshapes: Tensor
    """`(n, views, 52)`, likewise."""

    @property
    def posed(self) -> Tensor:
        """`(n,)`: of which crops the pose is known."""
        return ~self.pose.isnan().flatten(1).any(dim=1)

    def of(self, which: Tensor) -> "Views":
        """Some of the crops, by a mask or by their numbers."""
        return Views(self.z[which], self.pose[which], self.expression_target[which], self.blendshapes[which])


class Step(NamedTuple):
    """What a loss is given: rows of crops and which of their views, and what the splitter makes of them."""

    rows: Tensor
    view: Tensor
    embeddings: Tensor
    """`(m, 99)` of the views, and of as many random z as half of them."""
    before: Tensor
    """What the splitter made of the same before it learnt."""


class Exchange(NamedTuple):
    """What a loss of the merger is given: embeddings, some of them with an exchanged part, and their latents."""

    step: Step
    embeddings: Tensor
    """`(m, 99)`"""
    givers: Tensor
    """`(m, 99)`: the row of `step.embeddings` from which each number comes."""
    latents: Tensor
    """`(m, 99)` that the merger makes."""
    asked: Tensor
    """What it made before it learnt."""
    splitter: nn.Module


def as_before(exchange: Exchange) -> Tensor:
    """The merger's loss unless another is given."""
    return MERGED * F.mse_loss(exchange.latents, exchange.asked)


@torch.no_grad()
def views(model: FaceModel, crops: CropSet, seed: int = 0) -> Views:
    """Latents of crops, and what holds in the frames in which they were read."""
    generator, latents, poses = Generator().manual_seed(seed), [], []
    targets: list[Tensor] = []
    shapes: list[Tensor] = []
    scores = crops.features["blendshapes"]
    known = torch.from_numpy(np.stack([scores, mirrored(scores)], axis=1))
    start = 0
    for pixels in crops.chunks(CHUNK):
        count = len(pixels)
        framings = [still(count), *(random_framing(count, Augmentation(), generator) for _ in range(VIEWS - 1))]
        images = [frame(pixels, each, model.config.read_size)[0] for each in framings]
        rows = torch.arange(start, start + count)
        latents.append(torch.stack([model.encode(each) for each in images], dim=1))
        poses.append(torch.stack([each.pose(crops.pose[rows]) for each in framings], dim=1))
        for column, sides in ((targets, crops.expression_target), (shapes, known)):
            column.append(torch.stack([sides[rows, each.mirror.long()] for each in framings], dim=1))
        start += count
    return Views(torch.cat(latents), torch.cat(poses), torch.cat(targets), torch.cat(shapes))


@dataclass(frozen=True)
class Pace:
    """AdamW, its rate falling to 0."""

    steps: int
    batch: int
    rate: float
    decay: float
    warmup: int


def relearn(
    model: FaceModel,
    z: Tensor,
    loss: Callable[[Step], Tensor],
    pace: Pace,
    more: Iterable[nn.Parameter] = (),
    seed: int = 0,
    with_style: Tensor | None = None,
    merger_loss: Callable[[Exchange], Tensor] = as_before,
    chances: tuple[float, float, float, float] = EVENLY,
    among: tuple[float, float] = SECOND_HALF,
) -> None:
    """Change splitter and merger by a loss, from latents z `(n, views, 99)`; `more` learns with them.

    What the merger makes of embeddings, also of those with an exchanged part and of random z, is held to what it made
    of those before, unless `merger_loss` asks for something else. Along `with_style`, orthonormal directions of z
    `(99, k)`, what came with an exchanged expression comes with an exchanged style from now on.
    """
    generator = Generator().manual_seed(seed)
    splitter, merger = deepcopy(model.splitter).requires_grad_(True), deepcopy(model.merger).requires_grad_(True)
    learning = [*splitter.parameters(), *merger.parameters(), *more]
    optimiser = torch.optim.AdamW(learning, pace.rate, weight_decay=pace.decay)
    for number in range(pace.steps):
        rows = torch.randint(len(z), (pace.batch,), generator=generator)
        view = torch.randint(z.shape[1], (pace.batch,), generator=generator)
        seen = z[rows, view]
        seen = seen + NOISE * torch.randn(seen.shape, generator=generator)
        latents = torch.cat([seen, torch.randn(pace.batch // 2, EMBEDDING_SIZE, generator=generator)])
        with torch.no_grad():
            before = model.splitter(latents)
        step = Step(rows, view, splitter(latents), before)
        givers = givers_of(len(latents), number, chances, among)
        asked = _asked(model.merger, before, givers, with_style)
        exchanged = step.embeddings.gather(0, givers)
        total = loss(step) + merger_loss(Exchange(step, exchanged, givers, merger(exchanged), asked, splitter))
        for group in optimiser.param_groups:
            group["lr"] = pace.rate * min(1.0, (number + 1) / pace.warmup) * (1.0 - number / pace.steps)
        optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    for network, learnt in ((model.splitter, splitter), (model.merger, merger)):
        network.load_state_dict(learnt.state_dict())


@torch.no_grad()
def _asked(merger: nn.Module, before: Tensor, givers: Tensor, with_style: Tensor | None) -> Tensor:
    """z of the exchanged embeddings as they were, along `with_style` as if expression came from whom style comes."""
    exchanged = before.gather(0, givers)
    asked: Tensor = merger(exchanged)
    if with_style is None:
        return asked
    expression = SPACES[Attribute.EXPRESSION].slice
    exchanged[:, expression] = before[givers[:, SPACES[Attribute.STYLE].start], expression]
    asked += (merger(exchanged) - asked) @ with_style @ with_style.T
    return asked


def givers_of(
    count: int,
    seed: int,
    chances: tuple[float, float, float, float] = EVENLY,
    among: tuple[float, float] = SECOND_HALF,
) -> Tensor:
    """From which of so many embeddings each of their numbers comes, `(count, 99)`.

    Those among the given shares of the rows each have one part of another of them, the rest keep their own. The same
    seed gives the same.
    """
    own = torch.arange(count)[:, None].expand(count, EMBEDDING_SIZE)
    first, last = (round(share * count) for share in among)
    return torch.cat([own[:first], swap(own[first:last], Generator().manual_seed(seed), chances), own[last:]])
