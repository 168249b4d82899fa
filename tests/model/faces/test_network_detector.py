import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from model.engine.onnx_session import session_of
from model.errors import InvalidCheckpoint
from model.faces.detector import Detection, load_detector
from model.faces.detector_checkpoint import FORMAT, load_detector_network, read_detector, save_detector
from model.faces.network_detector import NetworkDetector, faces_of, filled_up, suppressed
from model.networks.detector_network import DetectorConfig, DetectorNetwork, decoded, numbers_of
from tests.faces import draw_face
from training.detector.batches import prepared
from training.export.detector_graph import detector_graph

CONFIG = DetectorConfig((8, 8, 8, 8, 8), (0, 1, 1, 1), 8)


def network() -> DetectorNetwork:
    """Random weights, and normalisations as after a training."""
    torch.manual_seed(1)
    made = DetectorNetwork(CONFIG)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)  # type: ignore[arg-type]
            torch.nn.init.normal_(module.running_mean, std=0.3)  # type: ignore[arg-type]
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.3)
    return made.eval()


@pytest.fixture(scope="module")
def graph() -> bytes:
    return detector_graph(network())


@pytest.fixture
def file(tmp_path: Path, graph: bytes) -> Path:
    path = tmp_path / "detector.safetensors"
    save_detector(path, "drawn", network(), {"steps": 7}, graph)
    return path


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 32, 32), (3, 96, 224)])
def test_the_graph_computes_what_the_network_does(graph: bytes, count: int, rows: int, columns: int) -> None:
    pictures = np.stack([draw_face(224, seed)[:rows, :columns] for seed in range(count)])
    (cells,) = session_of(graph).run(None, {"images": pictures})
    with torch.no_grad():
        expected = numbers_of(network()(prepared(pictures)))
    np.testing.assert_allclose(cells, expected.numpy(), rtol=1e-4, atol=1e-4)


def test_cells_become_faces_as_the_loss_takes_them() -> None:
    with torch.no_grad():
        maps = network()(prepared(draw_face(96)[None]))
    reference = decoded(maps)
    scores = torch.sigmoid(reference.logits[0])
    faces = faces_of(numbers_of(maps)[0].numpy(), 96, 96, float(scores.median()))
    assert len(faces) > 1
    assert faces[0].score == pytest.approx(float(scores.max()))
    for face in faces:
        cell = int((scores - face.score).abs().argmin())
        left, top, right, bottom = reference.boxes[0, cell].tolist()
        assert face.box == pytest.approx((left, top, right - left, bottom - top), rel=1e-5)
        np.testing.assert_allclose(face.landmarks, reference.points[0, cell].numpy() - 0.5, atol=1e-4)


def test_pictures_are_filled_up_to_the_largest_stride() -> None:
    made = filled_up(np.full((40, 65, 3), 255, np.uint8))
    assert made.shape == (64, 96, 3)
    assert (made[:40, :65] == 255).all()
    assert (made[40:] == 128).all()
    assert (made[:, 65:] == 128).all()


def test_a_file_rebuilds_the_network_with_its_card(file: Path) -> None:
    read = read_detector(file)
    assert read.id.startswith("drawn-")
    assert read.card == {"steps": 7}
    pictures = prepared(draw_face(64)[None])
    for a, b in zip(load_detector_network(file)(pictures), network()(pictures), strict=True):
        torch.testing.assert_close(a, b)


def test_faces_are_found_without_torch() -> None:
    code = (
        "import sys; from model.faces.detector import load_detector; from tests.faces import draw_face; "
        "print(len(load_detector().detect(draw_face())), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "False"]


def test_files_that_are_no_detector(file: Path, tmp_path: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(InvalidCheckpoint, match="damaged"):
        load_detector(file)
    other = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(1)}, other, {"format": "facet-1", "sha256": ""})
    with pytest.raises(InvalidCheckpoint, match="not a face detector"):
        load_detector(other)
    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        load_detector(tmp_path / "none.safetensors")
    assert FORMAT != "facet-1"


def test_it_is_the_detector_of_its_file(file: Path) -> None:
    detector = load_detector(file)
    assert isinstance(detector, NetworkDetector)
    assert detector.name == "facet"


@pytest.mark.parametrize("shape", [(1, 1), (15, 300), (16, 40_000), (40_000, 16), (700, 900)])
def test_pictures_of_any_shape_are_answered(file: Path, shape: tuple[int, int]) -> None:
    detector = NetworkDetector(file, min_score=0.0)
    found = detector.detect(np.full((*shape, 3), 120, np.uint8), 3)
    assert len(found) <= 3
    assert [each.area for each in found] == sorted((each.area for each in found), reverse=True)
    assert all(each.middle_in(np.zeros((*shape, 3), np.uint8)) for each in found)


def test_of_faces_that_overlap_the_surest_stays() -> None:
    boxes = [(0.0, 0.0, 10.0, 10.0), (1.0, 0.0, 10.0, 10.0), (30.0, 0.0, 10.0, 10.0)]
    faces = [Detection(box, score) for box, score in zip(boxes, (0.6, 0.9, 0.5), strict=True)]
    assert suppressed(faces) == [faces[1], faces[2]]
