"""Gradients of several processes that become their mean while the backward pass still goes on."""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, distributed

from training.runtime import distributed as ranks

PIECE = 2**21
"""Numbers, eight megabytes, that travel at a time: enough for a network's speed, few enough to begin soon."""


class _Sent(NamedTuple):
    numbers: Tensor
    arrival: distributed.Work
    gradients: list[Tensor]


class MeanGradients:
    """Replaces the gradients of some parameters by their means over all processes, in pieces.

    Each piece is sent once its last gradient is there, in the same order in all processes, whose passes are the same.
    A parameter without a gradient in one process has none in any: which losses count follows from recipe and step.
    Alone, a process does nothing here.
    """

    def __init__(self, parameters: Iterable[Tensor], piece: int = PIECE) -> None:
        self._pieces: list[list[Tensor]] = []
        if ranks.count() > 1:
            for parameter in (each for each in parameters if each.requires_grad):
                if not self._pieces or sum(each.numel() for each in self._pieces[-1]) >= piece:
                    self._pieces.append([])
                self._pieces[-1].append(parameter)
                number = len(self._pieces) - 1
                arrived = partial(self._arrived, number)
                parameter.register_post_accumulate_grad_hook(arrived)  # type: ignore[no-untyped-call]
        self._missing = [len(piece) for piece in self._pieces]
        self._sent: dict[int, _Sent] = {}

    def finish(self) -> None:
        """After a backward pass: send what is left, and put the means where the gradients were."""
        for number in range(len(self._pieces)):
            if number not in self._sent:
                self._send(number)
        for numbers, arrival, gradients in self._sent.values():
            arrival.wait()
            numbers /= ranks.count()
            parts = torch.split(numbers, [each.numel() for each in gradients])
            for gradient, part in zip(gradients, parts, strict=True):
                gradient.copy_(part.view_as(gradient))
        self._missing = [len(piece) for piece in self._pieces]
        self._sent.clear()

    def _arrived(self, number: int, _: Tensor) -> None:
        self._missing[number] -= 1
        if not self._missing[number]:
            self._send(number)

    def _send(self, number: int) -> None:
        gradients = [parameter.grad for parameter in self._pieces[number] if parameter.grad is not None]
        if gradients:
            numbers = torch.cat([gradient.flatten() for gradient in gradients])
            arrival = distributed.all_reduce(numbers, async_op=True)
            assert arrival is not None
            self._sent[number] = _Sent(numbers, arrival, gradients)
