import math

import pytest
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from training.data.augmentation import (
    Augmentation,
    Framing,
    frame,
    random_framing,
    random_light,
    relight,
    still,
    weighted,
)
from training.data.regions import Region
from training.data.shards import CROP_SIZE, FRAME_SIZE

EDGE = (CROP_SIZE - FRAME_SIZE) // 2


def framing(
    zoom: float = 1.0, degrees: float = 0.0, shift: tuple[float, float] = (0, 0), mirror: bool = False
) -> Framing:
    return Framing(
        torch.tensor([zoom]), torch.tensor([math.radians(degrees)]), torch.tensor([shift]), torch.tensor([mirror])
    )


def seen_at(place: tuple[float, float], how: Framing) -> tuple[float, float]:
    """Where a mark is seen in the frame; both places are x and y in pixels from the middle."""
    stored = torch.zeros(1, 4, CROP_SIZE, CROP_SIZE)
    axis = torch.arange(CROP_SIZE) - (CROP_SIZE - 1) / 2
    stored[:] = 255 * torch.exp(-((axis[None] - place[0]) ** 2 + (axis[:, None] - place[1]) ** 2) / 72)
    images, _ = frame(stored.to(torch.uint8), how, FRAME_SIZE)
    weight = images[0, 0] + 1.0
    axis = torch.arange(FRAME_SIZE) - (FRAME_SIZE - 1) / 2
    return tuple(float((weight.sum(dim=d) * axis).sum() / weight.sum()) for d in (0, 1))  # type: ignore[return-value]


def turned(x: float, y: float, degrees: float) -> tuple[float, float]:
    """A place after a turn that is clockwise where y points down."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return x * cos - y * sin, x * sin + y * cos


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (framing(), (60, 20)),
        (framing(mirror=True), (-60, 20)),
        (framing(degrees=20), turned(60, 20, 20)),
        (framing(degrees=-20), turned(60, 20, -20)),
        (framing(zoom=1.25), (48, 16)),
        (framing(shift=(0.1, 0.0)), (60 - 0.1 * FRAME_SIZE, 20)),
        (framing(shift=(0.0, -0.1)), (60, 20 + 0.1 * FRAME_SIZE)),
        (framing(degrees=20, mirror=True), turned(-60, 20, 20)),
    ],
)
def test_a_mark_moves_where_the_framing_says(how: Framing, expected: tuple[float, float]) -> None:
    assert seen_at((60, 20), how) == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("how", [framing(degrees=15), framing(mirror=True), framing(degrees=15, mirror=True)])
def test_the_roll_of_the_label_is_the_roll_in_the_picture(how: Framing) -> None:
    left, right = (seen_at(turned(x, 0, 10), how) for x in (-30, 30))
    if how.mirror.item():
        left, right = right, left
    roll = math.atan2(right[1] - left[1], right[0] - left[0])
    pose = how.pose(torch.tensor([[0.3, 0.2, math.radians(10)]]))[0].tolist()
    assert pose == pytest.approx([0.3, -0.2 if how.mirror.item() else 0.2, roll], abs=0.01)


def test_a_clockwise_turn_raises_roll_and_a_mirror_negates_yaw_and_roll() -> None:
    label = torch.tensor([[0.1, 0.2, 0.3]])
    assert framing(degrees=math.degrees(0.25)).pose(label)[0].tolist() == pytest.approx([0.1, 0.2, 0.55])
    assert framing(mirror=True).pose(label)[0].tolist() == pytest.approx([0.1, -0.2, -0.3])
    assert still(1).pose(label)[0].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert framing(mirror=True).pose(label * torch.nan).isnan().all()


def stored(count: int = 2) -> Tensor:
    pixels = torch.randint(256, (count, 4, CROP_SIZE, CROP_SIZE), generator=Generator().manual_seed(0))
    pixels[:, 3] = Region.FACE
    return pixels.to(torch.uint8)


def test_still_is_the_central_crop() -> None:
    pixels = stored()
    images, regions = frame(pixels, still(2), FRAME_SIZE)
    central = pixels[:, :3, EDGE:-EDGE, EDGE:-EDGE].float() / 127.5 - 1
    torch.testing.assert_close(images, central, atol=1e-3, rtol=0)
    torch.testing.assert_close(regions, torch.full_like(regions, 2.0))


def test_finer_crops_are_averaged() -> None:
    pixels = stored()
    fine, _ = frame(pixels, still(2), FRAME_SIZE)
    images, regions = frame(pixels, still(2), FRAME_SIZE // 2)
    torch.testing.assert_close(images, F.avg_pool2d(fine, 2), atol=1e-3, rtol=0)
    torch.testing.assert_close(regions, torch.full_like(regions, 2.0))


def test_the_regions_follow_the_photograph_and_end_with_the_stored_crop() -> None:
    pixels = stored(1)
    pixels[:, 3, :, : CROP_SIZE // 2] = Region.INVENTED
    _, regions = frame(pixels, still(1), FRAME_SIZE)
    assert regions[0, 0].mean(dim=0).tolist() == [0.0] * (FRAME_SIZE // 2) + [2.0] * (FRAME_SIZE // 2)
    _, mirrored = frame(pixels, framing(mirror=True), FRAME_SIZE)
    assert torch.equal(mirrored, regions.flip(3))
    _, wide = frame(stored(1), framing(zoom=1.6), FRAME_SIZE)
    # The stored crop is 1.25 frames wide and the frame now 1.6: 0.78125 of 256 pixels lie inside.
    assert (wide[0, 0] > 0).sum(dim=1).max().item() == 200
    assert wide[0, 0, :, 0].max().item() == 0


def test_a_pixel_that_is_partly_invented_counts_nothing() -> None:
    pixels = stored(1)
    pixels[:, 3, :, : CROP_SIZE // 2 + 1] = Region.INVENTED  # half of a pixel of the reduced picture
    _, regions = frame(pixels, still(1), FRAME_SIZE // 2)
    half = FRAME_SIZE // 4
    assert regions[0, 0, 0, half].item() == 0.0
    assert regions[0, 0, 0, half + 1].item() == 2.0


def test_a_pixel_counts_by_what_is_seen_there() -> None:
    regions = torch.tensor([0.0, 1.0, 1.5, 2.0, 2.5, 3.0])
    assert weighted(regions, (0.2, 1.0, 3.0)).tolist() == pytest.approx([0.0, 0.2, 0.6, 1.0, 2.0, 3.0])
    assert weighted(regions, (1.0, 1.0, 1.0)).tolist() == [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_random_framings_stay_within_twice_their_deviation() -> None:
    how = Augmentation(shift=0.1, zoom=0.2, turn_degrees=10.0)
    many = random_framing(4000, how, Generator().manual_seed(0))
    for values, deviation in ((many.shift, 0.1), (many.zoom.log(), 0.2), (many.turn, math.radians(10))):
        assert values.abs().max().item() == pytest.approx(2 * deviation, rel=1e-4)
        assert values.std().item() == pytest.approx(0.96 * deviation, rel=0.05)
        assert abs(values.mean().item()) < 0.05 * deviation
    assert many.mirror.float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert not random_framing(100, Augmentation(mirror=False), Generator().manual_seed(0)).mirror.any()


def test_light_that_does_not_wander_changes_nothing() -> None:
    images = torch.rand(2, 3, 8, 8) * 2 - 1
    dark = Augmentation(gain=0.0, contrast=0.0, brightness=0.0)
    torch.testing.assert_close(relight(images, random_light(2, dark, Generator().manual_seed(0))), images)


def test_each_light_does_what_it_is_called() -> None:
    images = torch.rand(1, 3, 8, 8, generator=Generator().manual_seed(1)) - 0.5

    def lit(gain: float = 0.0, contrast: float = 0.0, brightness: float = 0.0) -> Tensor:
        how = Augmentation(gain=gain, contrast=contrast, brightness=brightness)
        return relight(images, random_light(1, how, Generator().manual_seed(2)))

    brighter = lit(brightness=0.05) - images
    torch.testing.assert_close(brighter, brighter.mean().expand_as(brighter))
    stretched = lit(contrast=0.1)
    torch.testing.assert_close(stretched.mean(), images.mean())
    ratio = (stretched - stretched.mean()) / (images - images.mean())
    torch.testing.assert_close(ratio, ratio.mean().expand_as(ratio), atol=1e-3, rtol=1e-3)
    gains = (lit(gain=0.1) + 1) / (images + 1)
    torch.testing.assert_close(gains, gains.mean(dim=(2, 3), keepdim=True).expand_as(gains))
    assert len(set(gains.mean(dim=(0, 2, 3)).tolist())) == 3
    assert lit(contrast=3.0, brightness=3.0).abs().max() <= 1.0
