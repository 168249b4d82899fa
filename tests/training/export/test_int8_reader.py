from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession

from model.attributes import similarities
from model.calibration import Calibration
from model.checkpoint import load_checkpoint, save_checkpoint
from model.engine.backend import Pixels
from model.engine.engine import Engine
from model.engine.programs import Reader
from model.errors import InvalidRequest
from model.networks.blocks import Down
from tests.faces import draw_face
from tests.tiny import tiny_model
from training.export.card import take_in
from training.export.int8_reader import int8_reader


@pytest.fixture(scope="module")
def graph() -> bytes:
    return int8_reader(tiny_model(), faces(40))


@pytest.fixture
def path(tmp_path: Path, graph: bytes) -> Path:
    file = tmp_path / "tiny.safetensors"
    save_checkpoint(file, "tiny", tiny_model(), Calibration(), {}, graph)
    return file


def faces(count: int, first: int = 0) -> Pixels:
    return np.stack([draw_face(64, seed) for seed in range(first, first + count)])


def test_every_convolution_multiplies_8_bits(graph: bytes) -> None:
    nodes = onnx.load_from_string(graph).graph.node
    made = {output: node for node in nodes for output in node.output}
    convolutions = [node for node in nodes if node.op_type == "Conv"]
    assert len(convolutions) == sum(isinstance(m, torch.nn.Conv2d) for m in tiny_model().encoder.modules())
    for node in convolutions:
        assert {made[name].op_type for name in node.input[:2]} == {"DequantizeLinear"}


def test_a_channel_that_is_always_large_costs_the_others_little() -> None:
    model = tiny_model()
    for layer in model.encoder.modules():
        if isinstance(layer, Down):
            assert layer.conv.bias is not None
            layer.conv.bias.data[0] = 100.0
    seen = faces(20, 100)
    [rounded] = InferenceSession(int8_reader(model, faces(40))).run(None, {"crops": seen})
    with torch.no_grad():
        exact = Reader(model.eval(), torch.float32)(torch.from_numpy(seen)).numpy()
    # 0.988 where what comes out of a convolution has one range for channels as they are.
    assert min(alike.min() for alike in similarities(exact, rounded).values()) > 0.993


def test_an_engine_reads_by_it_and_draws_as_before(path: Path) -> None:
    exact, rounded = Engine(path, "cpu", "float32"), Engine(path, "cpu", "int8")
    for count in (1, 5):
        seen = faces(count, 100)
        a, b = exact.embed(seen), rounded.embed(seen)
        assert not np.array_equal(a, b)
        assert min(alike.min() for alike in similarities(a, b).values()) > 0.95
    assert rounded.embed(faces(1)[:0]).shape == (0, a.shape[1])
    embeddings = exact.sample(2, 0)
    difference = np.abs(exact.render(embeddings).astype(int) - rounded.render(embeddings))
    assert difference.max() <= 8  # at most bfloat16's


def test_a_file_without_it_cannot_read_in_8_bits(tmp_path: Path) -> None:
    file = tmp_path / "plain.safetensors"
    save_checkpoint(file, "plain", tiny_model(), Calibration(), {})
    assert load_checkpoint(file).int8_reader is None
    with pytest.raises(InvalidRequest, match="no graph for int8; `facet model quantize` adds it"):
        Engine(file, "cpu", "int8")


def test_a_processor_that_is_fast_in_8_bits_alone_takes_it_by_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_vnni": True})
    seen = faces(3)
    np.testing.assert_array_equal(Engine(path, "cpu").embed(seen), Engine(path, "cpu", "int8").embed(seen))


def test_a_card_that_is_written_anew_leaves_it_in(path: Path, graph: bytes, tmp_path: Path) -> None:
    (tmp_path / "lfw.json").write_text('{"model": null, "figures": {}, "tables": []}')
    take_in(path, tmp_path)
    assert load_checkpoint(path).int8_reader == graph


def test_without_crops_there_are_no_ranges() -> None:
    with pytest.raises(ValueError, match="no crop"):
        int8_reader(tiny_model(), faces(1)[:0])
