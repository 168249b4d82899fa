"""How often, and how large, pictures are looked at."""

import pytest

from model.networks.detector_cells import SMALLEST_POSSIBLE, looks, looks_at


@pytest.mark.parametrize(
    ("smallest", "sides"),
    [
        (0.5, (320,)),
        (0.08, (320,)),
        (0.04, (320, 640)),
        (0.03, (320, 640, 864)),
        (0.02, (320, 640, 1280)),
        (SMALLEST_POSSIBLE, (320, 640, 1280, 1920)),
    ],
)
def test_the_smallest_face_says_how_large_pictures_are_looked_at(smallest: float, sides: tuple[int, ...]) -> None:
    assert looks(smallest) == sides


def test_no_look_shows_what_the_one_before_has_shown() -> None:
    sides = (320, 640, 1280)
    seen = {longest: looks_at(longest, sides) for longest in (100, 320, 321, 640, 641, 5000)}
    assert seen == {
        100: (320,),
        320: (320,),
        321: (320, 640),
        640: (320, 640),
        641: (320, 640, 1280),
        5000: (320, 640, 1280),
    }
