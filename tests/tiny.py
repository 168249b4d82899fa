"""The smallest networks that the sizes allow, for tests that run or train them."""

import torch

from model.face_model import FaceModel
from model.networks.config import NetworkConfig

TINY = NetworkConfig(64, (8, 8, 16, 16), (0, 0, 0, 0), (0, 0, 0, 0), hidden=32)


def tiny_model(seed: int = 0, config: NetworkConfig = TINY) -> FaceModel:
    """A model of random weights, in evaluation mode."""
    torch.manual_seed(seed)
    return FaceModel(config).eval()
