"""Programs recorded on a GPU give what they give when they are called."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from model.attributes import EMBEDDING_SIZE
from model.engine.engine import Engine
from model.engine.graphs import BUCKETS, bucket, recorded_on_gpu

on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


@pytest.mark.parametrize(("count", "size"), [(1, 1), (2, 2), (3, 4), (64, 64), (65, 128), (256, 256), (999, 256)])
def test_the_smallest_bucket_that_holds_a_batch(count: int, size: int) -> None:
    assert bucket(count) == size


def sums(rows: Tensor) -> Tensor:
    return rows.float().cumsum(dim=1) * 2.0


@on_a_gpu
@pytest.mark.parametrize("largest", [5, BUCKETS[-1]])
@pytest.mark.parametrize("count", [0, 1, 3, BUCKETS[-1], 3 * BUCKETS[-1] + 5])
def test_a_recording_computes_what_the_program_does(count: int, largest: int) -> None:
    graphs = recorded_on_gpu(sums, torch.zeros(1, 7, dtype=torch.uint8), torch.device("cuda", 0), largest)
    for seed in range(2):
        rows = np.random.default_rng(seed).integers(0, 256, (count, 7), np.uint8)
        np.testing.assert_allclose(graphs(rows), 2.0 * rows.astype(np.float32).cumsum(axis=1))


@on_a_gpu
def test_threads_get_each_their_own_rows() -> None:
    graphs = recorded_on_gpu(sums, torch.zeros(1, 7, dtype=torch.uint8), torch.device("cuda", 0), 64)
    batches = [np.random.default_rng(n).integers(0, 256, (1 + n % 90, 7), np.uint8) for n in range(200)]
    with ThreadPoolExecutor(4) as threads:
        for rows, found in zip(batches, threads.map(graphs, batches), strict=True):
            np.testing.assert_allclose(found, 2.0 * rows.astype(np.float32).cumsum(axis=1))


@on_a_gpu
def test_what_other_threads_do_with_cuda_does_not_break_a_recording() -> None:
    over, failed = threading.Event(), list[BaseException]()

    def disturb() -> None:
        while not over.is_set():
            try:
                torch.zeros(1024, device="cuda").sum().item()
            except RuntimeError as error:
                failed.append(error)
                return

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        graphs = recorded_on_gpu(sums, torch.zeros(1, 7, dtype=torch.uint8), torch.device("cuda", 0), 64)
    finally:
        over.set()
        thread.join()
    assert failed == []
    np.testing.assert_allclose(graphs(np.ones((2, 7), np.uint8))[0], 2.0 * np.arange(1, 8))


@on_a_gpu
@pytest.mark.parametrize(
    ("precision", "numbers", "steps"), [("auto", 0.004, 2), ("float16", 0.004, 2), ("bfloat16", 0.02, 6)]
)
def test_the_model_on_a_gpu_agrees_with_the_reference(precision: str, numbers: float, steps: int) -> None:
    exact = Engine(device="cpu", precision="float32")
    fast = Engine(device="cuda", precision=precision, max_batch=64)  # type: ignore[arg-type]
    drawn = exact.render(exact.sample(300, 3))
    step = drawn.shape[1] // exact.read_size
    faces = np.ascontiguousarray(drawn[:, ::step, ::step])
    expected = exact.embed(faces)
    assert np.abs(fast.embed(faces) - expected).max() < numbers
    assert np.abs(fast.render(expected).astype(int) - exact.render(expected)).max() <= steps
    assert fast.embed(faces[:0]).shape == (0, EMBEDDING_SIZE)
    assert (fast.lanes, fast.shares_processors) == (2, False)
    assert 0 < fast.memory()["tensors"] <= fast.memory()["reserved"]
