from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from model.errors import InvalidCheckpoint
from model.faces.detector import Detection, load_detector
from model.faces.detector_checkpoint import FORMAT, load_detector_network, save_detector
from model.faces.network_detector import NetworkDetector, fused, prepared, suppressed
from model.networks.detector_network import DetectorConfig, DetectorNetwork
from tests.faces import draw_face

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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "detector.safetensors"
    save_detector(path, "drawn", network(), {"steps": 7})
    return path


def test_fusing_changes_no_answer() -> None:
    pictures = prepared(np.stack([draw_face(96, seed) for seed in range(2)]))
    for a, b in zip(network()(pictures), fused(network())(pictures), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fused(network()).modules())


def test_pictures_are_filled_up_to_the_largest_stride() -> None:
    made = prepared(np.full((1, 40, 65, 3), 255, np.uint8))
    assert made.shape == (1, 3, 64, 96)
    assert (made[..., :40, :65] == 1).all()
    assert (made[..., 40:, :] == 0).all()
    assert (made[..., 65:] == 0).all()


def test_a_file_rebuilds_the_network_with_its_card(file: Path) -> None:
    loaded = load_detector_network(file)
    assert loaded.id.startswith("drawn-")
    assert loaded.card == {"steps": 7}
    pictures = prepared(draw_face(64)[None])
    for a, b in zip(loaded.network(pictures), network()(pictures), strict=True):
        torch.testing.assert_close(a, b)


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
