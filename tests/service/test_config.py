import pytest

from model.errors import InvalidRequest
from service.config import ServiceConfig


def test_limits_are_what_begins_with_max() -> None:
    limits = ServiceConfig(max_k=7).limits
    assert limits["max_k"] == 7
    assert limits["max_image_bytes"] == 10 * 2**20
    assert "keep_crops" not in limits


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_is_at_least_1(limit: int) -> None:
    with pytest.raises(InvalidRequest, match=f"max_images is {limit}"):
        ServiceConfig(max_images=limit)
