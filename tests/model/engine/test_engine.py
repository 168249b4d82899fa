from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from model.attributes import EMBEDDING_SIZE, SPACES, part
from model.calibration import Calibration
from model.checkpoint import load_checkpoint, save_checkpoint
from model.engine.backend import Backend, Pixels
from model.engine.device import choose_device, choose_precision
from model.engine.engine import Engine
from model.engine.layers import packs
from model.engine.programs import DRAWN_AT_ONCE
from model.errors import InvalidCheckpoint
from model.face_model import FaceModel
from tests.tiny import tiny_model
from training.evaluation.faces import reduced


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_checkpoint(file, "tiny", tiny_model(), Calibration(threshold=0.25), {"summary": "tiny"})
    return file


@pytest.fixture(scope="module")
def engine(path: Path) -> Engine:
    return Engine(path, "cpu", "float32")


@pytest.fixture(scope="module")
def model(path: Path) -> FaceModel:
    return load_checkpoint(path).model


def crops(count: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)


def test_it_is_a_backend(engine: Engine, path: Path) -> None:
    backend: Backend = engine
    assert (backend.id, backend.image_size) == (load_checkpoint(path).id, 64)
    assert backend.calibration.threshold == 0.25
    assert backend.card == {"summary": "tiny"}


def test_embed_scales_bytes_to_plus_minus_one(engine: Engine, model: FaceModel) -> None:
    pixels = crops(3)
    images = torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1.0).permute(0, 3, 1, 2)
    embeddings = engine.embed(pixels)
    assert embeddings.shape == (3, EMBEDDING_SIZE)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(embeddings, model.embed(images).numpy(), atol=1e-5)


def test_render_rounds_to_bytes(engine: Engine, model: FaceModel) -> None:
    embeddings = engine.sample(3, 0)
    drawn = engine.render(embeddings)
    assert drawn.shape == (3, 64, 64, 3)
    assert drawn.dtype == np.uint8
    exact = (model.render(torch.from_numpy(embeddings)).permute(0, 2, 3, 1).numpy() + 1.0) * 127.5
    assert np.abs(drawn - exact).max() <= 0.5 + 1e-3


def test_of_no_faces_there_is_nothing(engine: Engine) -> None:
    embeddings = engine.embed(crops(0))
    assert (embeddings.shape, embeddings.dtype) == ((0, EMBEDDING_SIZE), np.float32)
    drawn = engine.render(embeddings)
    assert (drawn.shape, drawn.dtype) == ((0, 64, 64, 3), np.uint8)


def test_a_batch_equals_single_pictures(engine: Engine) -> None:
    pixels = crops(5)
    embeddings = engine.embed(pixels)
    np.testing.assert_allclose(embeddings, np.concatenate([engine.embed(one[None]) for one in pixels]), atol=1e-4)
    embeddings = engine.sample(2 * DRAWN_AT_ONCE + 3, 0)
    drawn = engine.render(embeddings).astype(int)
    assert np.abs(drawn - np.concatenate([engine.render(one[None]) for one in embeddings])).max() <= 1


@pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this processor has no bfloat16")
@pytest.mark.parametrize(("share", "lanes"), [(1, 1), (4, 4), (99, 8)])
def test_no_more_threads_compute_than_the_container_may_use(
    path: Path, monkeypatch: pytest.MonkeyPatch, share: int, lanes: int
) -> None:
    monkeypatch.setattr("model.engine.engine.processors", lambda: share)
    threads = torch.get_num_threads()
    torch.set_num_threads(8)
    try:
        engine = Engine(path, "cpu", "float32")
        assert engine.lanes == lanes
        with ThreadPoolExecutor(1, initializer=engine.share) as pool:
            assert pool.submit(torch.get_num_threads).result() == 1
    finally:
        torch.set_num_threads(threads)


def test_threads_that_share_it_get_what_one_alone_gets(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.engine.engine.processors", lambda: 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        engine, pictures = Engine(path, "cpu", "float32"), crops(40)
        assert engine.lanes == 2
        expected = [engine.embed(pictures[place : place + 5]) for place in range(0, 40, 5)]
        with ThreadPoolExecutor(engine.lanes, initializer=engine.share) as lanes:
            found = list(lanes.map(lambda place: engine.embed(pictures[place : place + 5]), range(0, 40, 5)))
            assert list(lanes.map(lambda _: torch.get_num_threads(), range(2))) == [1, 1]
        np.testing.assert_allclose(found, expected, atol=1e-5)
    finally:
        torch.set_num_threads(threads)


def test_bfloat16_agrees_with_the_reference() -> None:
    exact, fast = Engine(device="cpu", precision="float32"), Engine(device="cpu", precision="bfloat16")
    faces = reduced(exact.render(exact.sample(48, 3)), exact.read_size)
    expected, embeddings = exact.embed(faces), fast.embed(faces)
    assert 0 < np.abs(embeddings - expected).max() < 0.02
    for attribute, space in SPACES.items():
        if space.unit:
            assert (part(embeddings, attribute) * part(expected, attribute)).sum(axis=1).min() > 0.999
    difference = np.abs(fast.render(expected).astype(int) - exact.render(expected))
    assert difference.mean() < 0.5
    if packs():  # elsewhere torch rounds in other places
        assert 0 < difference.max() <= 16
        assert (difference > 8).mean() < 2e-5
    single = np.concatenate([fast.embed(face[None]) for face in faces[:9]])
    np.testing.assert_allclose(embeddings[:9], single, atol=0.01)


def test_the_fastest_precision() -> None:
    cpu = torch.device("cpu")
    assert choose_precision("float32", cpu) is torch.float32
    assert choose_precision("bfloat16", cpu) is torch.bfloat16
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    assert choose_precision("auto", cpu) is (torch.bfloat16 if fast else torch.float32)


def test_it_takes_any_memory_layout_and_writes_into_none(engine: Engine) -> None:
    pixels = crops(4)
    expected, given = engine.embed(pixels[::-2]), pixels.copy()
    given.setflags(write=False)
    np.testing.assert_array_equal(engine.embed(given[::-2]), expected)
    embeddings = engine.embed(given)
    embeddings.setflags(write=False)
    np.testing.assert_array_equal(engine.render(embeddings), engine.render(embeddings.copy()))
    np.testing.assert_array_equal(given, pixels)


def test_samples_follow_from_the_seed_and_have_unit_parts(engine: Engine) -> None:
    first = engine.sample(6, 1)
    assert first.shape == (6, EMBEDDING_SIZE)
    np.testing.assert_array_equal(first, engine.sample(6, 1))
    assert np.abs(first - engine.sample(6, 2)).max() > 1e-3
    for attribute, space in SPACES.items():
        if space.unit:
            np.testing.assert_allclose(np.linalg.norm(part(first, attribute), axis=1), 1.0, atol=1e-5)


def test_samples_are_normal_latents_through_the_splitter(engine: Engine, model: FaceModel) -> None:
    z = torch.randn(4, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(5))
    np.testing.assert_allclose(engine.sample(4, 5), model.splitter(z).numpy(), atol=1e-6)


def test_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match=r"none\.safetensors"):
        Engine(tmp_path / "none.safetensors", "cpu")


def test_auto_takes_what_there_is() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
