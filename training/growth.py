"""Deeper networks that begin as exactly what shallower ones have learnt (Net2Net, Chen et al. 2016)."""

from torch import Tensor

from model.face_model import FaceModel
from model.networks.config import NetworkConfig


def grown(state: dict[str, Tensor], before: NetworkConfig, model: FaceModel) -> dict[str, Tensor]:
    """The weights of networks of sizes `before` under the names of a deeper model.

    New residual blocks keep the fresh model's weights, with which they are the identity, so that the deeper model
    computes what the shallower one did. Raises ValueError if the networks differ in more than depth, or are not deeper.
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
        if target not in weights or weights[target].shape != value.shape:
            raise ValueError(f"networks {before} cannot grow into {now}: {name} does not fit")
        weights[target] = value
    return weights


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
