import pytest
import torch

from model.networks.detector_cells import OUTPUTS, STRIDES
from model.networks.detector_network import DetectorConfig, DetectorNetwork, decoded, middles

SMALL = DetectorConfig((8, 8, 8, 8, 8), (0, 1, 1, 1), 8)


def test_each_scale_has_a_map_of_its_stride() -> None:
    maps = DetectorNetwork(SMALL)(torch.zeros(2, 3, 64, 96))
    assert [tuple(each.shape) for each in maps] == [(2, OUTPUTS, 64 // s, 96 // s) for s in STRIDES]


def test_it_has_the_size_of_a_small_detector() -> None:
    count = sum(parameter.numel() for parameter in DetectorNetwork().parameters())
    assert 100_000 < count < 300_000


def test_at_first_nearly_no_cell_sees_a_face() -> None:
    cells = decoded(DetectorNetwork()(torch.rand(1, 3, 64, 64)))
    assert torch.sigmoid(cells.logits).max() < 0.02


def test_middles_by_hand() -> None:
    place, stride = middles(32, 64)
    assert len(place) == 4 * 8 + 2 * 4 + 2
    assert place[:3].tolist() == [[4, 4], [12, 4], [20, 4]]
    assert place[8].tolist() == [4, 12]
    assert place[-2:].tolist() == [[16, 16], [48, 16]]
    assert stride[[0, 31, 32, -1]].tolist() == [8, 8, 16, 32]


def test_numbers_are_decoded_as_they_are_described() -> None:
    maps = [torch.zeros(1, OUTPUTS, 64 // stride, 64 // stride) for stride in STRIDES]
    cell = maps[1][0, :, 2, 1]  # its middle is at x 24, y 40
    cell[0] = 3.0
    cell[1:5] = torch.log(torch.tensor([1.0, 2.0, 0.5, 0.25]))
    cell[5:7] = torch.tensor([-1.0, 0.5])
    cells = decoded(maps)
    number = 64 + 2 * 4 + 1
    assert int(cells.logits[0].argmax()) == number
    torch.testing.assert_close(cells.boxes[0, number], torch.tensor([8.0, 8.0, 32.0, 44.0]))
    torch.testing.assert_close(cells.points[0, number, :2], torch.tensor([[8.0, 48.0], [24.0, 40.0]]))


def test_moving_the_picture_by_the_largest_stride_moves_what_is_found() -> None:
    network = DetectorNetwork(SMALL).eval()
    picture = torch.zeros(1, 3, 256, 256)
    picture[..., 96:128, 96:128] = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    here, there = network(picture), network(picture.roll((32, 32), (2, 3)))
    for stride, a, b in zip(STRIDES, here, there, strict=True):
        step, middle = 32 // stride, slice(96 // stride, 160 // stride)
        torch.testing.assert_close(a[..., middle, middle], b.roll((-step, -step), (2, 3))[..., middle, middle])


def test_sizes_survive_their_data_and_wrong_ones_are_refused() -> None:
    assert DetectorConfig.from_data(SMALL.to_data()) == SMALL
    assert DetectorConfig.from_data({"channels": [8, 8, 8, 8, 8], "width": 8}).channels == (8, 8, 8, 8, 8)
    with pytest.raises(ValueError, match="5 channels"):
        DetectorConfig.from_data({"channels": [8, 8]})
    with pytest.raises(ValueError, match="positive"):
        DetectorConfig(width=0)
    with pytest.raises(TypeError):
        DetectorConfig.from_data({"height": 3})
