import json

import pytest

from model.networks.config import IMAGE_SIZES, NetworkConfig


@pytest.mark.parametrize(("size", "levels"), [(64, 4), (128, 5), (256, 6)])
def test_each_size_halves_down_to_four_pixels(size: int, levels: int) -> None:
    config = NetworkConfig.for_size(size)
    assert config.image_size == size
    assert size // 2**levels == 4
    assert [len(config.channels), len(config.encoder_depths), len(config.decoder_depths)] == [levels] * 3


@pytest.mark.parametrize("size", IMAGE_SIZES)
def test_it_survives_json(size: int) -> None:
    config = NetworkConfig.for_size(size)
    assert NetworkConfig.from_data(json.loads(json.dumps(config.to_data()))) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_size": 96}, "image_size is 96"),
        ({"channels": [32, 64]}, "channels has 2 levels; 64 pixels need 4"),
        ({"encoder_depths": [1]}, "encoder_depths has 1 levels"),
        ({"decoder_depths": [1] * 5}, "decoder_depths has 5 levels"),
        ({"channels": [32, 64, 100, 128]}, "multiples of 8"),
        ({"image_size": 128}, "need 5"),
    ],
)
def test_sizes_that_do_not_fit(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NetworkConfig.from_data(NetworkConfig().to_data() | change)


def test_an_unknown_name() -> None:
    with pytest.raises(TypeError, match="widht"):
        NetworkConfig.from_data({"widht": 3})
