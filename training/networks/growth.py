"""Larger networks that begin as exactly what smaller ones have learnt (after Net2Net, Chen et al. 2016)."""

import torch
from torch import Tensor

from model.face_model import FaceModel
from model.networks.config import NetworkConfig


def grown(state: dict[str, Tensor], before: NetworkConfig, model: FaceModel) -> dict[str, Tensor]:
    """The weights of networks of sizes `before` under the names of a deeper, finer or modulated model, or one with
    wider hidden layers.

    New residual blocks, finer levels and modulations keep the fresh model's weights, with which they add nothing, and
    nothing listens to new hidden units yet, so that the larger model computes what the smaller one did, enlarged.
    Raises ValueError if the networks differ otherwise, or if a size is smaller than before.
    """
    now = model.config
    weights = dict(model.state_dict())
    renamed: dict[str, str] = {}
    for network, old, new in (
        ("encoder", before.encoder_depths, now.encoder_depths),
        ("decoder", before.decoder_depths[::-1], now.decoder_depths[::-1]),
    ):
        if len(old) != len(new) or any(a > b for a, b in zip(old, new, strict=True)):
            raise ValueError(f"a {network} with {old} blocks cannot grow into one with {new}")
        renamed |= {f"{network}.body.{a}.": f"{network}.body.{b}." for a, b in zip(*_places(old, new), strict=True)}
    for name, value in state.items():
        part = ".".join(name.split(".")[:3]) + "."
        target = renamed[part] + name.removeprefix(part) if part in renamed else name
        fits = target in weights and weights[target].ndim == value.ndim
        if fits and ".mlp." in name:
            value = _widened(value, weights[target])
        if not fits or weights[target].shape != value.shape:
            raise ValueError(f"networks {before} cannot grow into {now}: {name} does not fit")
        weights[target] = value
    return weights


def _widened(value: Tensor, fresh: Tensor) -> Tensor:
    """A linear layer's weight or bias with the fresh one's rows for new units, and zeros where old ones read them."""
    rows = len(value)
    if len(fresh) < rows or (value.ndim == 2 and fresh.shape[1] < value.shape[1]):
        return value
    if value.ndim == 2:
        value = torch.nn.functional.pad(value, (0, fresh.shape[1] - value.shape[1]))
    return torch.cat([value, fresh[rows:].to(value)])


def _places(old: tuple[int, ...], new: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Where each layer of the shallower body stands in it, and where in the deeper one."""
    before: list[int] = []
    after: list[int] = []
    start = 0
    for level, (mine, theirs) in enumerate(zip(old, new, strict=True)):
        layers = mine + (1 if level else 0)  # each level but the first begins by changing the map's size
        before += range(len(before), len(before) + layers)
        after += range(start, start + layers)
        start += theirs + (1 if level else 0)
    return before, after
