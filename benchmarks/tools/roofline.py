"""What a network must do at least, and what a device can do at most."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

ROUNDS = 5
SECONDS = 0.25
"""Of each measurement in a round."""


class Work(NamedTuple):
    """What a network must do for a batch."""

    operations: float
    bytes_moved: float


def work(network: Callable[[Tensor], Tensor], modules: list[nn.Module], rows: Tensor, size: int) -> Work:
    """Multiplications and additions of a batch's matrix products; bytes if each number takes `size` of them."""
    moved = 0

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal moved
        moved += size * (inputs[0].numel() + output.numel() + sum(p.numel() for p in module.parameters()))

    layers = [part for module in modules for part in module.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    handles = [layer.register_forward_hook(note) for layer in layers]
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(rows)
    for handle in handles:
        handle.remove()
    return Work(counter.get_total_flops(), moved)


def per_second(function: Callable[[], object], device: torch.device, seconds: float = SECONDS) -> float:
    """How often a function runs in a second."""
    wait(device)
    runs, start = 0, time.perf_counter()
    while runs < 2 or time.perf_counter() - start < seconds:
        function()
        runs += 1
    wait(device)
    return runs / (time.perf_counter() - start)


def milliseconds(function: Callable[[], object], calls: int) -> tuple[float, float]:
    """The median and the 99th percentile of the time of a function that waits for what it does."""
    times = []
    for _ in range(calls):
        begun = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - begun))
    median, late = np.percentile(times, (50, 99)).tolist()
    return median, late


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def ceilings(
    device: torch.device,
    dtype: torch.dtype,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    side: int | None = None,
    copied: int = 64 * 2**20,
) -> tuple[float, float]:
    """Operations and bytes a second: the best of a large product, and of a copy that no cache holds."""
    side = side or (8192 if device.type == "cuda" else 2048)
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    source = torch.zeros(copied, device=device)
    target = torch.empty_like(source)
    with torch.inference_mode():
        products = max(per_second(lambda: a @ b, device, seconds) for _ in range(rounds))
        copies = max(per_second(lambda: target.copy_(source), device, seconds) for _ in range(rounds))
    return products * 2 * side**3, copies * 2 * source.numel() * source.element_size()
