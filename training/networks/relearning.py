"""Splitter and merger alone, from latents: what they learn once more before a model is exported."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.face_model import FaceModel
from training.data.augmentation import Augmentation, frame, random_framing, still
from training.data.crops import CropSet
from training.forward_passes import swap
from training.networks.whitening import CHUNK

VIEWS = 3
"""Latents of each crop: as it was found, and in random frames."""
NOISE = 0.1
"""Deviation of what is added to latents, which have a deviation near 1."""
MERGED = 30.0
"""Weight of what the merger changes."""


@dataclass(frozen=True)
class Views:
    """n crops as the encoder sees each in several frames."""

    z: Tensor
    """`(n, views, 99)`"""
    pose: Tensor
    """`(n, views, 3)` radians as each shows it; NaN where it is not known."""
    expression_target: Tensor
    """`(n, views, 32)`, likewise."""

    @property
    def posed(self) -> Tensor:
        """`(n,)`: of which crops the pose is known."""
        return ~self.pose.isnan().flatten(1).any(dim=1)


class Step(NamedTuple):
    """What a loss is given: rows of crops and which of their views, and what the splitter makes of them."""

    rows: Tensor
    view: Tensor
    embeddings: Tensor
    """`(m, 99)` of the views, and of as many random z as half of them."""
    before: Tensor
    """What the splitter made of the same before it learnt."""


@torch.no_grad()
def views(model: FaceModel, crops: CropSet, seed: int = 0) -> Views:
    """Latents of crops, and what holds in the frames in which they were read."""
    generator, latents, poses, targets = Generator().manual_seed(seed), [], [], []
    start = 0
    for pixels in crops.chunks(CHUNK):
        count = len(pixels)
        framings = [still(count), *(random_framing(count, Augmentation(), generator) for _ in range(VIEWS - 1))]
        images = [frame(pixels, each, model.config.read_size)[0] for each in framings]
        rows = torch.arange(start, start + count)
        latents.append(torch.stack([model.encode(each) for each in images], dim=1))
        poses.append(torch.stack([each.pose(crops.pose[rows]) for each in framings], dim=1))
        sides = [crops.expression_target[rows, each.mirror.long()] for each in framings]
        targets.append(torch.stack(sides, dim=1))
        start += count
    return Views(torch.cat(latents), torch.cat(poses), torch.cat(targets))


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
) -> None:
    """Change splitter and merger by a loss, from latents z `(n, views, 99)`; `more` learns with them.

    What the merger makes of embeddings, also of those with an exchanged part and of random z, is held to what it made
    of those before. Along `with_style`, orthonormal directions of z `(99, k)`, what came with an exchanged expression
    comes with an exchanged style from now on.
    """
    generator = Generator().manual_seed(seed)
    splitter, merger = deepcopy(model.splitter).requires_grad_(True), deepcopy(model.merger).requires_grad_(True)
    learning = [*splitter.parameters(), *merger.parameters(), *more]
    optimiser = torch.optim.AdamW(learning, pace.rate, weight_decay=pace.decay)
    for step in range(pace.steps):
        rows = torch.randint(len(z), (pace.batch,), generator=generator)
        view = torch.randint(z.shape[1], (pace.batch,), generator=generator)
        seen = z[rows, view]
        seen = seen + NOISE * torch.randn(seen.shape, generator=generator)
        latents = torch.cat([seen, torch.randn(pace.batch // 2, EMBEDDING_SIZE, generator=generator)])
        embeddings = splitter(latents)
        with torch.no_grad():
            before = model.splitter(latents)
            asked = _asked(model.merger, before, step, with_style)
        total = loss(Step(rows, view, embeddings, before))
        total = total + MERGED * F.mse_loss(merger(_swapped(embeddings, step)), asked)
        for group in optimiser.param_groups:
            group["lr"] = pace.rate * min(1.0, (step + 1) / pace.warmup) * (1.0 - step / pace.steps)
        optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    for network, learnt in ((model.splitter, splitter), (model.merger, merger)):
        network.load_state_dict(learnt.state_dict())


def _asked(merger: nn.Module, before: Tensor, step: int, with_style: Tensor | None) -> Tensor:
    """z of the exchanged embeddings as they were, along `with_style` as if expression came from whom style comes."""
    exchanged = _swapped(before, step)
    asked: Tensor = merger(exchanged)
    if with_style is None:
        return asked
    givers = _swapped(torch.arange(len(before))[:, None].expand(before.shape), step)[:, SPACES[Attribute.STYLE].start]
    expression = SPACES[Attribute.EXPRESSION].slice
    exchanged[:, expression] = before[givers, expression]
    asked += (merger(exchanged) - asked) @ with_style @ with_style.T
    return asked


def _swapped(embeddings: Tensor, step: int) -> Tensor:
    """Half of them as they are, and half with a part of another; the same choice in the same step."""
    half = len(embeddings) // 2
    return torch.cat([embeddings[:half], swap(embeddings[half:], Generator().manual_seed(step))])
