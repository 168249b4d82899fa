import pytest
import torch

from model.attributes import EMBEDDING_SIZE
from model.networks.config import NetworkConfig
from model.networks.decoder import Decoder
from model.networks.encoder import Encoder
from tests.tiny import TINY

PARAMETERS = {64: (3_842_115, 2_681_459), 128: (8_371_331, 8_097_011), 256: (14_879_251, 14_599_795)}
"""Of encoder and decoder."""


@pytest.mark.parametrize("size", PARAMETERS)
def test_shapes_range_and_parameters(size: int) -> None:
    config = NetworkConfig.for_size(size)
    encoder, decoder = Encoder(config), Decoder(config)
    with torch.no_grad():
        z = encoder(torch.rand(1, 3, size, size) * 2 - 1)
        images = decoder(50.0 * z)
    assert z.shape == (1, EMBEDDING_SIZE)
    assert images.shape == (1, 3, size, size)
    assert images.abs().max() <= 1.0
    assert tuple(sum(p.numel() for p in network.parameters()) for network in (encoder, decoder)) == PARAMETERS[size]


def test_every_pixel_reaches_the_latent_and_every_latent_number_the_picture() -> None:
    torch.manual_seed(0)
    images = torch.rand(1, 3, 64, 64).requires_grad_()
    Encoder(TINY)(images).sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).float().mean() > 0.99
    z = torch.randn(1, EMBEDDING_SIZE).requires_grad_()
    Decoder(TINY)(z).square().sum().backward()
    assert z.grad is not None
    assert (z.grad != 0).all()
