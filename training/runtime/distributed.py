"""The processes that train one model together, each on its rows of every batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed
from torch.autograd.function import once_differentiable


@contextmanager
def joined(device: str) -> Iterator[torch.device]:
    """The device of this process; where `torchrun` started it, within the group of all that it started.

    `cuda` becomes this process's own GPU. Gradients travel by NCCL between GPUs and by gloo between processors.
    """
    if not distributed.is_torchelastic_launched():
        yield torch.device(device)
        return
    mine = torch.device(device)
    if mine.type == "cuda":
        mine = torch.device("cuda", distributed.get_node_local_rank())
        torch.cuda.set_device(mine)
    distributed.init_process_group("nccl" if mine.type == "cuda" else "gloo")
    try:
        yield mine
    finally:
        distributed.destroy_process_group()


def rank() -> int:
    """This process's number, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def count() -> int:
    """How many processes there are."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def mine(rows: Tensor) -> Tensor:
    """This process's share of a batch's rows: every `count`-th from `rank` on.

    Taken so, the first rows of all processes together are the first rows of the batch.
    """
    return rows[rank() :: count()]


def gathered(rows: Tensor) -> Tensor:
    """The opposite of `mine`: the whole batch in each process, with gradients back to the process of each row."""
    if count() == 1:
        return rows
    result: Tensor = _Gather.apply(rows)  # type: ignore[no-untyped-call]
    return result


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        del ctx
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(count())]
        distributed.all_gather(parts, rows.contiguous())
        return torch.stack(parts, dim=1).flatten(0, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        # Every process holds the same loss, so the sum is `count` times its gradient; `MeanGradients` divides.
        del ctx
        gradient = gradient.contiguous()
        distributed.all_reduce(gradient)
        return mine(gradient)


def mean(value: Tensor) -> Tensor:
    """The mean over all processes of a value that carries no gradient."""
    if count() == 1:
        return value
    value = value.detach().clone()
    distributed.all_reduce(value)
    return value / count()


def anywhere(flag: bool, device: torch.device) -> bool:
    """Whether a flag is up in any process."""
    return flag if count() == 1 else bool(mean(torch.tensor(float(flag), device=device)) > 0)
