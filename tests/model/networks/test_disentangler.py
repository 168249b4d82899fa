import pytest
import torch
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES
from model.networks.config import NetworkConfig
from model.networks.disentangler import Merger, Splitter


@pytest.mark.parametrize(("size", "parameters"), [(64, 116_835), (128, 364_643), (256, 364_643)])
def test_shapes_and_parameters(size: int, parameters: int) -> None:
    config = NetworkConfig.for_size(size)
    for network in (Splitter(config), Merger(config)):
        assert network(torch.randn(5, EMBEDDING_SIZE)).shape == (5, EMBEDDING_SIZE)
        assert sum(p.numel() for p in network.parameters()) == parameters


def test_the_splitter_scales_unit_parts_to_length_1_and_leaves_pose_alone() -> None:
    splitter = Splitter(NetworkConfig())
    z = 30.0 * torch.randn(7, EMBEDDING_SIZE)
    raw, f = splitter.mlp(z), splitter(z)
    for space in SPACES.values():
        if space.unit:
            torch.testing.assert_close(f[:, space.slice].norm(dim=1), torch.ones(7))
            torch.testing.assert_close(F.cosine_similarity(f[:, space.slice], raw[:, space.slice]), torch.ones(7))
        else:
            assert torch.equal(f[:, space.slice], raw[:, space.slice])


def test_the_splitter_answers_in_float32_under_bfloat16() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert Splitter(NetworkConfig())(torch.randn(2, EMBEDDING_SIZE)).dtype == torch.float32
