"""Unit vectors that one can calculate with by hand."""

import math

import torch


def at(*degrees: float) -> torch.Tensor:
    """Points of the unit circle, `(n, 2)`."""
    radians = [math.radians(angle) for angle in degrees]
    return torch.tensor([[math.cos(angle), math.sin(angle)] for angle in radians])
