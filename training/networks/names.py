"""Who is who, learnt once more from names by splitter and merger alone, from latents."""

from copy import deepcopy

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.face_model import FaceModel
from training.data.augmentation import Augmentation, frame, random_framing, still
from training.data.crops import CropSet
from training.forward_passes import swap
from training.losses.embedding.distillation import DistillationLoss
from training.losses.embedding.margin_softmax import MarginSoftmaxLoss
from training.networks.whitening import CHUNK

VIEWS = 3
"""Latents of each crop: as it was found, and in random frames."""
STEPS, BATCH, RATE, DECAY, WARMUP = 1000, 512, 2e-3, 0.1, 100
"""AdamW, its rate falling to 0."""
SHORT = 0.1
"""Length of a name's direction at first."""
NOISE = 0.1
"""Deviation of what is added to latents, which have a deviation near 1."""
TAUGHT, KEPT, MERGED = 3.0, 10.0, 30.0
"""Weights of the teacher's distances, and of what the other parts and the merger change; names and what the teacher
says of each face weigh 1."""

IDENTITY = SPACES[Attribute.IDENTITY].slice
OTHERS = [number for number in range(EMBEDDING_SIZE) if not IDENTITY.start <= number < IDENTITY.stop]


@torch.no_grad()
def views(model: FaceModel, crops: CropSet, seed: int = 0) -> Tensor:
    """Latents `(n, VIEWS, 99)` of crops."""
    generator, found = Generator().manual_seed(seed), []
    for pixels in crops.chunks(CHUNK):
        count = len(pixels)
        framings = [still(count), *(random_framing(count, Augmentation(), generator) for _ in range(VIEWS - 1))]
        images = [frame(pixels, each, model.config.read_size)[0] for each in framings]
        found.append(torch.stack([model.encode(each) for each in images], dim=1))
    return torch.cat(found)


def learn_names(
    model: FaceModel, z: Tensor, targets: Tensor, people: Tensor, steps: int = STEPS, seed: int = 0
) -> None:
    """Change splitter and merger so that identity tells people apart better, and all else stays as it was.

    Latents z `(n, views, 99)`; what the teacher asks of identity `(n, 32)`, NaN where it is not known; people's numbers
    `(n,)`, negative where nobody has a name. Identity learns names by their margins and the teacher's targets; pose,
    expression and style are held to what the splitter gave before, and what the merger makes of embeddings, also of
    those with an exchanged part and of random z, to what it made of those before: each number's squared difference.
    Raises ValueError where there is no name.
    """
    count = int(people.max()) + 1 if len(people) else 0
    if not count:
        raise ValueError("there is nobody with a name and two crops")
    generator = Generator().manual_seed(seed)
    splitter, merger = deepcopy(model.splitter).requires_grad_(True), deepcopy(model.merger).requires_grad_(True)
    names, teacher = MarginSoftmaxLoss(count, targets.shape[1]), DistillationLoss(direct=1 / TAUGHT)
    known = ~targets.isnan().any(dim=1)
    with torch.no_grad():
        named, own = people >= 0, model.splitter(z[:, 0])[:, IDENTITY]
        means = torch.zeros_like(names.directions).index_add_(0, people[named], own[named])
        # Short, so that the steps turn them quickly.
        names.directions.copy_(SHORT * F.normalize(means, dim=1))
    learning = [*splitter.parameters(), *merger.parameters(), *names.parameters()]
    optimiser = torch.optim.AdamW(learning, RATE, weight_decay=DECAY)
    for step in range(steps):
        rows = torch.randint(len(z), (BATCH,), generator=generator)
        seen = z[rows, torch.randint(z.shape[1], (BATCH,), generator=generator)]
        seen = seen + NOISE * torch.randn(seen.shape, generator=generator)
        latents = torch.cat([seen, torch.randn(BATCH // 2, EMBEDDING_SIZE, generator=generator)])
        embeddings = splitter(latents)
        with torch.no_grad():
            before = model.splitter(latents)
            asked = model.merger(_swapped(before, step))
        given = merger(_swapped(embeddings, step))
        own = embeddings[:BATCH, IDENTITY]
        loss = TAUGHT * teacher(own, targets[rows].nan_to_num(), known[rows]) + names(own, people[rows])
        loss = loss + KEPT * len(OTHERS) * F.mse_loss(embeddings[:, OTHERS], before[:, OTHERS])
        loss = loss + MERGED * F.mse_loss(given, asked)
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARMUP) * (1.0 - step / steps)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for network, learnt in ((model.splitter, splitter), (model.merger, merger)):
        network.load_state_dict(learnt.state_dict())


def _swapped(embeddings: Tensor, step: int) -> Tensor:
    """Half of them as they are, and half with a part of another; the same choice in the same step."""
    half = len(embeddings) // 2
    return torch.cat([embeddings[:half], swap(embeddings[half:], Generator().manual_seed(step))])
