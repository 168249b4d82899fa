"""One of two processes that take steps together; prints what gradients it had after each.

`python -m tests.training.runtime.one_of_two RANK STORE`
"""

import json
import sys

import torch
from torch import distributed, nn

from training.runtime.gradients import MeanGradients

PIECE = 30
"""Numbers in a piece: some layers have one of their own, some share it."""


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3), nn.Linear(3, 2, bias=False))


def rows(rank: int, step: int) -> torch.Tensor:
    """What a process sees in a step."""
    return torch.randn(5, 4, generator=torch.Generator().manual_seed(10 * step + rank))


def loss(net: nn.Sequential, inputs: torch.Tensor, step: int) -> torch.Tensor:
    """In odd steps the last layer has no part in it."""
    return (net(inputs) if step % 2 == 0 else net[:3](inputs)).square().mean()


def main() -> None:
    """Three steps."""
    rank, store = int(sys.argv[1]), sys.argv[2]
    distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    net = network()
    means = MeanGradients(net.parameters(), PIECE)
    steps = []
    for step in range(3):
        net.zero_grad(set_to_none=True)
        loss(net, rows(rank, step), step).backward()  # type: ignore[no-untyped-call]
        means.finish()
        steps.append([None if p.grad is None else p.grad.flatten().tolist() for p in net.parameters()])
    print(json.dumps(steps))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
