"""Programs recorded on a GPU give what they give when they are called."""

import numpy as np
import pytest
import torch

from model.engine.engine import Engine
from model.engine.graphs import BUCKETS, Graphs, bucket


@pytest.mark.parametrize(("count", "size"), [(1, 1), (2, 2), (3, 4), (64, 64), (65, 128), (256, 256), (999, 256)])
def test_the_smallest_bucket_that_holds_a_batch(count: int, size: int) -> None:
    assert bucket(count) == size


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("count", [1, 3, BUCKETS[-1], 3 * BUCKETS[-1] + 5])
def test_a_recording_computes_what_the_program_does(count: int) -> None:
    graphs = Graphs(lambda rows: rows.float().cumsum(dim=1) * 2.0, torch.device("cuda"))
    for seed in range(2):
        rows = np.random.default_rng(seed).integers(0, 256, (count, 7), np.uint8)
        np.testing.assert_allclose(graphs(rows), 2.0 * rows.astype(np.float32).cumsum(axis=1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_model_on_a_gpu_agrees_with_the_reference() -> None:
    exact, fast = Engine(device="cpu", precision="float32"), Engine(device="cuda")
    faces = exact.render(exact.sample(300, 3))
    expected = exact.embed(faces)
    assert np.abs(fast.embed(faces) - expected).max() < 0.02
    assert np.abs(fast.render(expected).astype(int) - exact.render(expected)).max() <= 6
