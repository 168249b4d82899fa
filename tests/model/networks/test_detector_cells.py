"""How often, and how large, pictures are looked at."""

from itertools import pairwise

import numpy as np
import pytest

from model.networks.detector_cells import LONGEST_SIDE, SMALLEST_FACE, SMALLEST_POSSIBLE, looks, looks_at, seen_at


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


@pytest.mark.parametrize("smallest", [0.0776, 0.0257, *np.linspace(SMALLEST_POSSIBLE, 0.5, 200).tolist()])
def test_any_smallest_face_has_its_looks(smallest: float) -> None:
    sides = looks(smallest)
    assert sides[-1] * smallest >= LONGEST_SIDE * SMALLEST_FACE - 1e-3  # as wide as the network knows
    assert len(sides) == 1 or sides[-2] * smallest < LONGEST_SIDE * SMALLEST_FACE
    assert all(before < side <= 2 * before and side % 32 == 0 for before, side in pairwise(sides))


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


@pytest.mark.parametrize(
    ("picture", "longest", "seen"),
    [
        ((200, 100), 320, (200, 100)),  # the first look shows a small picture as it is
        ((640, 480), 320, (320, 240)),
        ((1000, 10), 320, (320, 3)),
        ((416, 208), 640, (640, 320)),  # the second enlarges it
        ((640, 480), 640, (640, 480)),
        ((2000, 1), 640, (640, 1)),
        ((320, 200), 640, (320, 200)),  # but not to twice its size
    ],
)
def test_a_look_shows_a_picture_at_its_side(picture: tuple[int, int], longest: int, seen: tuple[int, int]) -> None:
    assert seen_at(*picture, longest) == seen
