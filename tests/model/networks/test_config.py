import json

import pytest

from model.networks.config import READ_SIZES, NetworkConfig


@pytest.mark.parametrize(("size", "levels"), [(64, 4), (128, 5), (256, 6)])
def test_each_size_halves_down_to_four_pixels(size: int, levels: int) -> None:
    config = NetworkConfig.for_size(size)
    assert config.image_size == size
    assert size // 2**levels == 4
    assert [len(config.channels), len(config.encoder_depths), len(config.decoder_depths)] == [levels] * 3


@pytest.mark.parametrize("size", READ_SIZES)
def test_it_survives_json(size: int) -> None:
    config = NetworkConfig.for_size(size)
    assert NetworkConfig.from_data(json.loads(json.dumps(config.to_data()))) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"read_size": 96}, "read_size is 96"),
        ({"channels": [32, 64]}, "channels has 2 levels; 64 pixels need 4"),
        ({"encoder_depths": [1]}, "encoder_depths has 1 levels"),
        ({"decoder_depths": [1] * 5}, "decoder_depths has 5 levels"),
        ({"channels": [32, 64, 100, 128]}, "multiples of 8"),
        ({"read_size": 128}, "need 5"),
    ],
)
def test_sizes_that_do_not_fit(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NetworkConfig.from_data(NetworkConfig().to_data() | change)


def test_an_unknown_name() -> None:
    with pytest.raises(TypeError, match="widht"):
        NetworkConfig.from_data({"widht": 3})


def test_each_finer_level_doubles_what_is_drawn_and_not_what_is_read() -> None:
    config = NetworkConfig(finer_channels=(32, 16))
    assert (config.read_size, config.image_size) == (64, 256)
    with pytest.raises(ValueError, match="not all multiples of 8"):
        NetworkConfig(finer_channels=(12,))


def test_the_first_files_had_one_size() -> None:
    assert NetworkConfig.from_data({"image_size": 128} | _levels(5)) == NetworkConfig(128, **_levels(5))


def _levels(count: int) -> dict[str, tuple[int, ...]]:
    return {"channels": (8,) * count, "encoder_depths": (1,) * count, "decoder_depths": (1,) * count}
