from pathlib import Path

import numpy as np
import pytest

from model.engine.backend import Pixels
from model.faces.detector import Detection
from tests.faces import draw_face, jpeg
from training.evaluation.detection.side_by_side import (
    Photograph,
    at_twice_the_size,
    compare,
    crowded,
    false_alarms,
    landmark_distance,
    of_size,
    recall,
    tiled,
    turned,
)

POINTS = np.array([[40, 45], [60, 45], [50, 55], [43, 68], [57, 68]], np.float32)
FACE = Detection((30.0, 25.0, 40.0, 50.0), 0.9, POINTS)


def photograph(seed: int = 0) -> Photograph:
    return Photograph(draw_face(100, seed), (FACE,))


def test_a_half_turn_puts_the_face_opposite() -> None:
    (face,) = turned(photograph(), 180).faces
    assert face.box == pytest.approx((30, 25, 40, 50))
    np.testing.assert_allclose(face.landmarks, 99 - POINTS, atol=1e-4)


def test_a_quarter_turn_turns_clockwise_and_shows_what_was_there() -> None:
    one = photograph()
    other = turned(one, 90)
    np.testing.assert_allclose(other.image.astype(int), np.rot90(one.image, -1), atol=2)
    (face,) = other.faces
    assert face.box == pytest.approx((25, 30, 50, 40))
    np.testing.assert_allclose(face.landmarks, np.stack([99 - POINTS[:, 1], POINTS[:, 0]], axis=1), atol=1e-4)


def test_tiles_are_reduced_photographs_in_rows() -> None:
    made = tiled([photograph(seed) for seed in range(5)], 50, 100, 100)
    assert [len(each.faces) for each in made] == [4, 1]
    assert made[0].faces[3].box == pytest.approx((65, 62.5, 20, 25))
    assert (made[1].image[50:] == 128).all()


def test_crowded_pictures_are_reduced_and_their_faces_sorted_by_size(tmp_path: Path) -> None:
    (tmp_path / "crowd.jpg").write_bytes(jpeg(np.full((300, 832, 3), 128, np.uint8)))
    seen: list[tuple[int, ...]] = []

    def reference(image: Pixels) -> list[Detection]:
        seen.append(image.shape)
        return [Detection((0.0, 0.0, side, side), 0.9) for side in (20.0, 19.0, 12.0, 11.0)]

    crowd = crowded(tmp_path / "crowd.jpg", reference)
    assert crowd is not None
    assert seen == [(150, 416, 3)]
    assert [face.box[2] for each in of_size([crowd], 20, np.inf) for face in each.faces] == [20]
    assert [face.box[2] for each in of_size([crowd], 12, 20) for face in each.faces] == [19, 12]
    assert of_size([crowd], 30, np.inf) == []
    assert crowded(tmp_path / "crowd.jpg", lambda _: []) is None


def test_recall_and_false_alarms_by_hand() -> None:
    def find(_: Pixels) -> list[Detection]:
        return [Detection((32.0, 25.0, 40.0, 50.0), 1.0), Detection((0.0, 0.0, 9.0, 9.0), 1.0)]

    aside = Photograph(draw_face(100), (FACE, FACE.moved(60, 0)))
    assert recall([photograph(), aside], find) == (pytest.approx(2 / 3), 3)
    assert false_alarms([draw_face(100)] * 4, find) == 2000
    assert np.isnan(landmark_distance([photograph()], find)[0])


def test_landmarks_are_measured_in_distances_of_the_eyes() -> None:
    shifted = FACE.moved(3, 4)
    assert landmark_distance([photograph()], lambda _: [shifted]) == (pytest.approx(5 / 20), 1)


def test_what_is_found_in_an_enlarged_picture_is_in_the_pictures_own_pixels() -> None:
    def find(image: Pixels) -> list[Detection]:
        assert image.shape == (200, 200, 3)
        return [FACE.scaled(2.0).moved(6, 8)]

    (found,) = at_twice_the_size(find)(photograph().image)
    assert found.box == pytest.approx((33, 29, 40, 50))
    assert landmark_distance([photograph()], at_twice_the_size(find)) == (pytest.approx(5 / 20), 1)


def test_the_reference_beside_itself_finds_all() -> None:
    class Knowing:
        name = "knowing"
        longest = 640
        shared = False

        def detect(self, _: Pixels, at_most: int | None = None) -> list[Detection]:
            return [FACE][:at_most]

    rows = list(compare([Knowing()], [photograph()], {"frontal": [photograph()]}, [draw_face(100)]))
    values = {row.measure: row.value for row in rows}
    assert values["found: photographs"] == values["found: portraits, frontal"] == 1
    assert values["landmarks off, of the eyes"] == pytest.approx(0)
    assert values["false alarms in 1000"] == 1000
    assert str(rows[0]).split() == ["found:", "photographs", "knowing", "100.0", "%", "of", "1"]
