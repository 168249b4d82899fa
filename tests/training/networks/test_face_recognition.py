import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.training.small_recognition import LEAST, SCALE, tensors, write
from training.networks.face_recognition import BLOCKS, CHANNEL_MEANS, SIZE, FaceRecognition, read_weights


def test_tensors_come_back_as_they_were_or_to_half_a_step(tmp_path: Path) -> None:
    found = read_weights(write(tmp_path))
    for number, (name, values) in enumerate(tensors().items()):
        near = np.clip(values, LEAST, LEAST + 255 * SCALE) if number % 2 else values
        assert np.abs(found[name].numpy() - near).max() <= (SCALE / 2 + 1e-6 if number % 2 else 0.0), name


def test_a_network_by_hand(tmp_path: Path) -> None:
    """Every step of it, written out for one face."""
    path = write(tmp_path)
    weights = read_weights(path)
    face = torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(3)) * 2 - 1

    def scaled(x: torch.Tensor, name: str, stride: int, padding: int) -> torch.Tensor:
        y = F.conv2d(x, weights[f"{name}/conv/filters"].permute(3, 2, 0, 1), stride=stride, padding=padding)
        y = y + weights[f"{name}/conv/bias"][:, None, None]
        return y * weights[f"{name}/scale/weights"][:, None, None] + weights[f"{name}/scale/biases"][:, None, None]

    x = ((face + 1) * 127.5 - torch.tensor(CHANNEL_MEANS)[:, None, None]) / 256
    x = F.max_pool2d(F.relu(scaled(x, "conv32_down", 2, 0)), 3, 2)
    sides = [x.shape[-1]]
    for name in BLOCKS:
        halves = "down" in name
        y = F.relu(scaled(x, f"{name}/conv1", 2 if halves else 1, 0 if halves else 1))
        y = scaled(y, f"{name}/conv2", 1, 1)
        around = F.avg_pool2d(x, 2) if halves else x
        side = max(y.shape[-1], around.shape[-1])
        total = torch.zeros(1, y.shape[1], side, side)
        total[:, :, : y.shape[-1], : y.shape[-1]] += y
        total[:, : around.shape[1], : around.shape[-1], : around.shape[-1]] += around
        x = F.relu(total)
        sides.append(x.shape[-1])
    assert sides == [35] * 4 + [17] * 4 + [8] * 3 + [4] * 3 + [2]
    network = FaceRecognition(path)
    torch.testing.assert_close(network(face), x.mean(dim=(2, 3)) @ weights["fc"])
    assert not [*network.parameters()]
    assert not network.state_dict()


def test_files_of_another_network_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    [group] = json.loads(path.read_text())
    short = group | {"weights": [entry for entry in group["weights"] if "conv128_2" not in entry["name"]]}
    path.write_text(json.dumps([short]))
    with pytest.raises(ValueError, match=r"describes \d+ bytes of"):
        FaceRecognition(path)
    other = group | {"weights": [entry | {"name": f"other/{entry['name']}"} for entry in group["weights"]]}
    path.write_text(json.dumps([other]))
    with pytest.raises(ValueError, match="is not of the face recognition network: it has no 'conv32_down"):
        FaceRecognition(path)
    with pytest.raises(FileNotFoundError):
        FaceRecognition(tmp_path / "none.json")
