import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from model.engine.dummy import DummyModel
from tests.faces import draw_face
from tests.training.drawn import crop_set
from training.evaluation.faces import see
from training.evaluation.generation import measure_generation
from training.evaluation.outside.faceres import BLOCKS, Layer, OutsideNetwork
from training.evaluation.outside.swaps_by_faceres import view_edits
from training.evaluation.outside.swaps_by_label_networks import report


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of that form, with eight channels and random weights in half precision, and one whole number."""
    rng = np.random.default_rng(0)
    weights: dict[str, np.ndarray] = {"conv1/convolution/merged_input": rng.normal(0, 0.01, (3, 3, 3, 8))}
    weights["conv1_bn/batchnorm_1/sub"] = rng.normal(0, 1, 8)
    weights["axes"] = np.array([1, 2], np.int32)
    for number in range(1, BLOCKS + 1):
        weights[f"conv_dw_{number}/depthwise_kernel"] = rng.normal(0.11, 0.05, (3, 3, 8, 1))  # about a mean
        weights[f"conv_dw_{number}_bn/batchnorm_1/mul"] = rng.normal(1, 0.1, 8)
        weights[f"conv_dw_{number}_bn/batchnorm_1/sub"] = rng.normal(0, 0.1, 8)
        weights[f"conv_pw_{number}/convolution/merged_input"] = np.eye(8)[None, None] + rng.normal(
            0, 0.05, (1, 1, 8, 8)
        )
        weights[f"conv_pw_{number}_bn/batchnorm_1/sub"] = rng.normal(0, 0.1, 8)
    folder, entries, data = tmp_path_factory.mktemp("outside"), [], b""
    for name, values in weights.items():
        half = values.dtype == np.float64
        entry = {"name": name, "shape": list(values.shape), "dtype": "float32" if half else "int32"}
        entries.append(entry | ({"quantization": {"dtype": "float16"}} if half else {}))
        data += values.astype(np.float16 if half else np.int32).tobytes()
    (folder / "faceres.bin").write_bytes(data)
    manifest = [{"paths": ["faceres.bin"], "weights": entries}]
    (folder / "faceres.json").write_text(json.dumps({"weightsManifest": manifest}))
    return folder / "faceres.json"


def test_a_layer_pads_as_tensorflow_does_and_is_cut_off() -> None:
    kernel = torch.zeros(1, 1, 3, 3)
    kernel[0, 0, 1, 1] = 1.0
    x = torch.arange(16.0).view(1, 1, 4, 4)
    kept = Layer(kernel, torch.zeros(1), 1, 1)(x)
    assert torch.equal(kept, x.clamp(max=6.0))
    halved = Layer(kernel, torch.tensor([-5.0]), 2, 1)(x)  # of 4 pixels it takes the second and fourth
    assert halved.flatten().tolist() == [0.0, 2.0, 6.0, 6.0]
    assert F.conv2d(F.pad(x, (0, 1, 0, 1)), kernel, stride=2).flatten().tolist() == [5.0, 7.0, 13.0, 15.0]


def test_features_are_of_each_picture_alone(network: Path) -> None:
    pictures = np.stack([draw_face(64, number) for number in range(3)])
    features = OutsideNetwork(network).features(pictures)
    assert features.shape == (3, 8)
    np.testing.assert_allclose(OutsideNetwork(network).features(pictures[1:2]), features[1:2], rtol=1e-4, atol=1e-4)
    assert np.abs(features[0] - features[1]).max() > 1e-3


def test_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"")
    (tmp_path / "a.json").write_text(json.dumps({"weightsManifest": [{"paths": ["a.bin"], "weights": []}]}))
    with pytest.raises(ValueError, match="is not the network faceres: there is no 'conv1/convolution/merged_input'"):
        OutsideNetwork(tmp_path / "a.json")


class Identity:
    """Sees the mean colour of a picture, as one of eight numbers that differ from colour to colour."""

    def features(self, pictures: np.ndarray) -> np.ndarray:
        return np.asarray(pictures.mean(axis=(1, 2)), np.float32)


def test_edits_and_random_faces_as_it_sees_them(network: Path) -> None:
    backend = DummyModel()
    faces = see(backend, crop_set(24), 128)
    view = view_edits(backend, faces, Identity(), 40)
    assert view.pairs == 40
    assert 0 <= view.arrived <= 1
    assert view.kept.keys() == {"pose", "expression", "style"}
    # The dummy model draws an embedding as it reads a picture: a reconstruction is nearer than one of another style.
    assert view.reconstructed > view.kept["style"]
    laws = {}
    shown = report("m", laws, None, view)
    assert shown.tables[-1][1][0] == "identity arrived after its swap"
    assert shown.figures["outside"]["pairs"] == 40
    result = measure_generation(backend, faces, outside=OutsideNetwork(network))
    assert list(result.spaces) == ["embedding", "faceres"]
    assert result.spaces["faceres"].random > result.spaces["faceres"].floor > 0
