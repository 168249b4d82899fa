"""A network's program on a GPU, recorded once for each batch size as a CUDA graph."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.engine.slot_pool import SlotPool

BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Batch sizes; others are filled up to the next, and what is larger is cut into pieces of the last."""
SLOTS = 2
"""Batches under way: one is computed while another is copied, which takes a fiftieth of the time."""
WARM_UP = 3
"""Runs before a program is recorded, in the first of which cuDNN tries its algorithms."""

Array = NDArray[Any]
Program = Callable[[Tensor], Tensor]
Put = Callable[[Array, Any], None]
"""Writes the items of a batch into as many rows of the memory from which they are copied to the device."""


def bucket(count: int) -> int:
    """The smallest of `BUCKETS` that holds so many rows, at most the largest."""
    return next((size for size in BUCKETS if size >= count), BUCKETS[-1])


def put_rows(buffer: Array, rows: Array) -> None:
    """Write rows as they are."""
    buffer[...] = rows


@torch.inference_mode()
def recorded_on_gpu(
    program: Program, row: Tensor, device: torch.device, largest: int = BUCKETS[-1], put: Put = put_rows
) -> SlotPool:
    """The program as a function of batches of rows like `row` `(1, ...)`, NumPy in and out, for any number of threads.

    With a `put` it is one of sequences of whatever that makes rows of.

    Everything is recorded here, for batches of up to `largest` rows, rounded up to a bucket: nothing is allocated,
    chosen or recorded later. A call replays a recording: no Python and no launch of single kernels.
    """
    slots = [GraphSlot(program, row, device, bucket(largest), put) for _ in range(SLOTS)]
    return SlotPool(slots, bucket(largest), slots[0].nothing)


class GraphSlot:
    """The program's recordings for all batch sizes, which run one at a time on a stream of their own.

    They share their memory on the device, and one pinned buffer each way.
    """

    def __init__(self, program: Program, row: Tensor, device: torch.device, largest: int, put: Put) -> None:
        self._count, self._put = 0, put
        with torch.cuda.device(device):
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            self._sent = torch.zeros(largest, *row.shape[1:], dtype=row.dtype).pin_memory()
            self._input = self._sent.to(device)
            self._stream.wait_stream(torch.cuda.current_stream(device))
            # The largest first: what it frees holds the others.
            pool = torch.cuda.graph_pool_handle()
            sizes = [size for size in reversed(BUCKETS) if size <= largest]
            self._recordings = {size: self._record(program, size, pool) for size in sizes}
            _, like = self._recordings[largest]
            self._received = torch.empty(like.shape, dtype=like.dtype, pin_memory=True)
        self.nothing: Array = np.empty((0, *like.shape[1:]), self._received.numpy().dtype)

    def _record(self, program: Program, size: int, pool: Any) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        """A recording for one batch size, and where its results come to lie."""
        rows, graph = self._input[:size], torch.cuda.CUDAGraph()
        # The same setting throughout: cuDNN looks up what it found fastest only with it. Float32 stays the reference.
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, benchmark_limit=0, allow_tf32=False):
            with torch.cuda.stream(self._stream):
                for _ in range(WARM_UP):
                    program(rows)
                self._stream.synchronize()
            # Of this thread alone: what others do with CUDA meanwhile does not break the recording.
            with torch.cuda.graph(graph, pool=pool, stream=self._stream, capture_error_mode="thread_local"):
                results = program(rows)
        return graph, results

    @torch.inference_mode()
    def start(self, rows: Array) -> None:
        """Queue the copy there, the program and the copy back."""
        self._count = len(rows)
        self._put(self._sent.numpy()[: self._count], rows)
        graph, results = self._recordings[bucket(self._count)]
        with torch.cuda.stream(self._stream):
            self._input[: self._count].copy_(self._sent[: self._count], non_blocking=True)
            graph.replay()
            self._received[: self._count].copy_(results[: self._count], non_blocking=True)

    def result(self) -> Array:
        """Wait for what was started."""
        self._stream.synchronize()
        return self._received.numpy()[: self._count].copy()
