"""Latents, and networks that take them to the parts and back."""

import torch
from torch import Generator
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE
from model.face_model import FaceModel
from tests.tiny import tiny_model
from training.networks.relearning import Views


def seen(count: int = 3000) -> Views:
    """Latents that tell pose, straight and by squares, and whose faces do nothing."""
    z = torch.randn(count, 1, EMBEDDING_SIZE, generator=Generator().manual_seed(1))
    pitch, yaw = 0.2 * z[..., 0], 0.3 * z[..., 1:6].sum(dim=-1) + 0.1 * z[..., 7] ** 2
    unknown = (torch.full((count, 1, size), float("nan")) for size in (32, 52))
    return Views(z, torch.stack([pitch, yaw, 0.0 * yaw], dim=-1), *unknown)


def round_trip() -> FaceModel:
    """Splitter and merger that know the way to the parts and back."""
    model, generator = tiny_model(), Generator().manual_seed(2)
    learning = [*model.splitter.parameters(), *model.merger.parameters()]
    optimiser = torch.optim.AdamW(learning, 3e-3)
    for _ in range(300):
        z = torch.randn(512, EMBEDDING_SIZE, generator=generator)
        optimiser.zero_grad()
        F.mse_loss(model.merger(model.splitter(z)), z).backward()
        optimiser.step()
    return model
