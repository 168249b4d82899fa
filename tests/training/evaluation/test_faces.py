import numpy as np
import pytest
from torch.nn import functional as F

from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.evaluation import faces as module
from training.evaluation.faces import embed_all, render_all, see, still_crops


def test_still_crops_are_the_middle_of_the_stored_ones() -> None:
    crops = crop_set(3, 128)
    pixels, masks = still_crops(crops, 128)
    assert pixels.shape == (3, 128, 128, 3)
    assert pixels.dtype == np.uint8
    central = crops.pixels[:, :3, 32:-32, 32:-32].float()
    halved = F.avg_pool2d(central, 2).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(pixels, halved, atol=0.51)  # rounded
    assert masks.shape == (3, 128, 128)
    assert masks.all()


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    backend, crops = DummyModel(), crop_set(7)
    whole = see(backend, crops)
    drawn = render_all(backend, whole.embeddings)
    monkeypatch.setattr(module, "CHUNK", 3)
    parts = see(backend, crops)
    np.testing.assert_array_equal(parts.pixels, whole.pixels)
    np.testing.assert_array_equal(parts.embeddings, whole.embeddings)
    np.testing.assert_array_equal(render_all(backend, whole.embeddings), drawn)
    np.testing.assert_array_equal(embed_all(backend, whole.pixels), backend.embed(whole.pixels))
