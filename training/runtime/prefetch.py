"""The next batches, made and moved to the device while the present one is trained on."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import torch

from training.data.batches import Batch

AHEAD = 2
"""Batches that are under way at a time."""


class Prefetch:
    """Gives the batches of consecutive steps; a thread makes the next ones meanwhile.

    While it is entered the thread lives. `waited` is how many seconds the caller has waited for batches in all.
    """

    def __init__(self, make: Callable[[int], Batch], device: torch.device, first: int, end: int) -> None:
        self._make, self._device = make, device
        self._steps = iter(range(first, end))
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._pending: deque[Future[tuple[Batch, torch.cuda.Event | None]]] = deque()
        self.waited = 0.0

    def __enter__(self) -> Self:
        threads = torch.get_num_threads()
        # One core for the batches: with as many as the networks have, both would wait for each other in each operation.
        self._thread = ThreadPoolExecutor(1, "batches", torch.set_num_threads, (1,))
        self._thread.submit(torch.get_num_threads).result()
        torch.set_num_threads(threads)  # what was set last holds for threads that come later
        for _ in range(AHEAD):
            self._order()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def take(self) -> Batch:
        """The next batch, on the device. Raises what making it raised."""
        start = time.perf_counter()
        batch, copied = self._pending.popleft().result()
        self.waited += time.perf_counter() - start
        self._order()
        if copied is not None:
            # The copies run on a stream of their own: wait for them, and keep their memory until this stream is done.
            present = torch.cuda.current_stream(self._device)
            present.wait_event(copied)
            for tensor in vars(batch).values():
                tensor.record_stream(present)
        return batch

    def _order(self) -> None:
        for step in self._steps:
            self._pending.append(self._thread.submit(self._load, step))
            return

    def _load(self, step: int) -> tuple[Batch, torch.cuda.Event | None]:
        if self._stream is None:
            return moved(self._make(step), self._device), None
        with torch.cuda.stream(self._stream):  # the pictures are made there as well
            fields = vars(self._make(step)).items()
            pinned = Batch(**{name: tensor if tensor.is_cuda else tensor.pin_memory() for name, tensor in fields})
            return moved(pinned, self._device), self._stream.record_event()


def moved(batch: Batch, device: torch.device) -> Batch:
    """The batch on a device, pictures with their channels last."""
    fields = {name: tensor.to(device, non_blocking=True) for name, tensor in vars(batch).items()}
    for name in ("images", "reframed"):
        fields[name] = fields[name].contiguous(memory_format=torch.channels_last)
    return Batch(**fields)
