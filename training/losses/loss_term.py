"""What a loss of the objective is: in which stages it counts, and from which tensors of a step it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from training.forward_passes import Passes
    from training.recipe import Recipe

READING = ("autoencoder", "joint")
"""Stages in which the encoder learns."""
DRAWING = ("autoencoder", "joint", "drawing")
"""Stages in which the decoder learns."""
SPLITTING = ("disentangle", "joint")
"""Stages in which splitter and merger learn."""
SWAPPING = ("disentangle", "joint", "drawing")
"""Stages in which faces with a swapped attribute are drawn."""
EVERY = ("autoencoder", "disentangle", "joint", "drawing")


@dataclass(frozen=True)
class Term:
    """One loss of the objective."""

    stages: tuple[str, ...]
    make: Callable[[Recipe, int], nn.Module]
    """The loss of a recipe for a number of people; it may hold parameters of its own."""
    of: Callable[[nn.Module, Passes], Tensor]
    """Its value, a scalar."""
