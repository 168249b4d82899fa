"""A network's program on a GPU, recorded once for each batch size as a CUDA graph."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Batch sizes; others are filled up to the next, and what is larger is cut into pieces of the last."""
WARM_UP = 3
"""Runs before a program is recorded, in which cuDNN chooses its algorithms."""

Array = NDArray[Any]


def bucket(count: int) -> int:
    """The smallest of `BUCKETS` that holds so many rows, at most the largest."""
    return next((size for size in BUCKETS if size >= count), BUCKETS[-1])


class Graphs:
    """A function of batches `(n, ...)`, uint8 or float32, that runs on a CUDA device; NumPy in and out.

    One call replays a recording: no Python and no launch of single kernels. Pieces of large batches take turns on two
    streams, so that the copies of one overlap with the computation of the other. For one thread at a time.
    """

    def __init__(self, program: Callable[[Tensor], Tensor], device: torch.device) -> None:
        self._program, self._device = program, device
        self._recorded: dict[tuple[int, int], _Recording] = {}

    def __call__(self, rows: Array) -> Array:
        """The program's results for some rows."""
        results: list[Array] = []
        running: list[_Recording] = []
        for number, start in enumerate(range(0, len(rows), BUCKETS[-1])):
            piece = rows[start : start + BUCKETS[-1]]
            if len(running) == 2:
                results.append(running.pop(0).result())
            recording = self._recording(bucket(len(piece)), number % 2, piece)
            recording.start(piece)
            running.append(recording)
        return np.concatenate(results + [recording.result() for recording in running])

    def _recording(self, size: int, turn: int, like: Array) -> "_Recording":
        if (size, turn) not in self._recorded:
            example = torch.from_numpy(np.zeros((size, *like.shape[1:]), like.dtype))
            self._recorded[size, turn] = _Recording(self._program, example, self._device)
        return self._recorded[size, turn]


class _Recording:
    """The program for one batch size, with its own stream and pinned memory on the host."""

    def __init__(self, program: Callable[[Tensor], Tensor], example: Tensor, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._sent, self._input = example.pin_memory(), example.to(device)
        self._graph = torch.cuda.CUDAGraph()
        self._stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(self._stream):
            for _ in range(WARM_UP):
                program(self._input)
            self._stream.synchronize()
            with torch.cuda.graph(self._graph, stream=self._stream):
                self._output = program(self._input)
        self._received = torch.empty(self._output.shape, dtype=self._output.dtype, pin_memory=True)
        self._count = 0

    def start(self, rows: Array) -> None:
        """Queue the copy there, the program and the copy back; `result` must have been called before the next."""
        self._count = len(rows)
        self._sent.numpy()[: self._count] = rows
        with torch.cuda.stream(self._stream):
            self._input[: self._count].copy_(self._sent[: self._count], non_blocking=True)
            self._graph.replay()
            self._received[: self._count].copy_(self._output[: self._count], non_blocking=True)

    def result(self) -> Array:
        """Wait for what was started."""
        self._stream.synchronize()
        return self._received.numpy()[: self._count].copy()
