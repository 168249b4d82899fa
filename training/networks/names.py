"""Who is who, learnt once more from names by splitter and merger alone, from latents."""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.face_model import FaceModel
from training.losses.embedding.distillation import DistillationLoss
from training.losses.embedding.margin_softmax import MarginSoftmaxLoss
from training.networks.relearning import Pace, Step, relearn

PACE = Pace(steps=1000, batch=512, rate=2e-3, decay=0.1, warmup=100)
SHORT = 0.1
"""Length of a name's direction at first."""
TAUGHT, KEPT = 3.0, 10.0
"""Weights of the teacher's distances, and of what the other parts change; names and what the teacher says of each face
weigh 1."""

IDENTITY = SPACES[Attribute.IDENTITY].slice
OTHERS = [number for number in range(EMBEDDING_SIZE) if not IDENTITY.start <= number < IDENTITY.stop]


def learn_names(
    model: FaceModel, z: Tensor, targets: Tensor, people: Tensor, steps: int = PACE.steps, seed: int = 0
) -> None:
    """Change splitter and merger so that identity tells people apart better, and all else stays as it was.

    Latents z `(n, views, 99)`; what the teacher asks of identity `(n, 32)`, NaN where it is not known; people's numbers
    `(n,)`, negative where nobody has a name. Identity learns names by their margins and the teacher's targets; pose,
    expression and style are held to what the splitter gave before: each number's squared difference. Raises ValueError
    where there is no name.
    """
    count = int(people.max()) + 1 if len(people) else 0
    if not count:
        raise ValueError("there is nobody with a name and two crops")
    names, teacher = MarginSoftmaxLoss(count, targets.shape[1]), DistillationLoss(direct=1 / TAUGHT)
    known = ~targets.isnan().any(dim=1)
    with torch.no_grad():
        named, own = people >= 0, model.splitter(z[:, 0])[:, IDENTITY]
        means = torch.zeros_like(names.directions).index_add_(0, people[named], own[named])
        # Short, so that the steps turn them quickly.
        names.directions.copy_(SHORT * F.normalize(means, dim=1))

    def loss(step: Step) -> Tensor:
        rows, own = step.rows, step.embeddings[: len(step.rows), IDENTITY]
        told: Tensor = TAUGHT * teacher(own, targets[rows].nan_to_num(), known[rows]) + names(own, people[rows])
        return told + KEPT * len(OTHERS) * F.mse_loss(step.embeddings[:, OTHERS], step.before[:, OTHERS])

    relearn(model, z, loss, replace(PACE, steps=steps), names.parameters(), seed)
