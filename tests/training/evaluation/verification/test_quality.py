"""Decisions by quality: counted right by hand, and on photographs of drawn people spoiled in every way."""

from pathlib import Path

import numpy as np
import pytest

from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from model.faces.detector import Detection
from tests.faces import draw_face, png
from training.data.sources.pictures import Picture
from training.evaluation.verification import quality
from training.evaluation.verification.quality import AS_IT_IS, SPOILS, Kept, Probes, decide, find, report, several_each

POINTS = np.array([[78, 92], [122, 92], [100, 120], [82, 147], [118, 147]], np.float32) / 200


class Middle:
    """A detector that finds one face where `draw_face` puts it, unless the picture is small."""

    name = "middle"
    longest = 640
    shared = False

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        height, width = image.shape[:2]
        box = (0.22 * width, 0.15 * height, 0.56 * width, 0.72 * height)
        return [Detection(box, 0.95, POINTS * [width, height])][:at_most] if min(height, width) >= 30 else []


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    """Three photographs of each of four drawn people, and one of a fifth."""
    made = []
    for place in range(13):
        path = tmp_path / f"{place}.png"
        path.write_bytes(png(draw_face(200, seed=place // 3)))
        made.append(Picture(f"{place:02}", path, identity=f"p{place // 3}"))
    return made


def probes(kinds: list[str], people: list[str], similar: list[float]) -> Probes:
    """Faces whose identities lie at some cosines to the first axis."""
    cosines = np.array(similar)
    identities = np.zeros((len(kinds), 32), np.float32)
    identities[:, 0], identities[:, 1] = cosines, np.sqrt(1 - cosines**2)
    keys = [str(number) for number in range(len(kinds))]
    return Probes(people, keys, kinds, identities, np.ones(len(kinds)), np.ones(len(kinds)))


def test_decisions_are_counted_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "LEAST", 1)
    # Ada's two photographs are alike, and a third, spoiled, is like Bob's only one.
    made = probes([AS_IT_IS, AS_IT_IS, "blurred", AS_IT_IS], ["ada", "ada", "ada", "bob"], [1.0, 1.0, 0.0, 0.0])
    kept = decide(made, np.array([0.9, 0.9, 0.25, 0.9]), 0.5)
    # Matched: 0 with 1 and back are right, 2 with either is not. Mismatched: all are right but 2 with 3.
    assert kept[0] == Kept(0.0, 1.0, (1 / 2 + 1 / 5) / 2, 1 / 2, 1 / 5)
    assert kept[2] == Kept(0.2, 1.0, (1 / 2 + 1 / 5) / 2, 1 / 2, 1 / 5)
    assert kept[3] == Kept(0.3, 2 / 3, 0.0, 0.0, 0.0)
    assert [one.threshold for one in kept] == list(quality.THRESHOLDS)
    monkeypatch.setattr(quality, "LEAST", 3)
    assert [one.threshold for one in decide(made, np.array([0.9, 0.9, 0.25, 0.9]), 0.5)] == [0.0, 0.1, 0.2]


def test_a_better_threshold_of_quality_leaves_fewer_wrong_decisions() -> None:
    generator = np.random.default_rng(0)
    good = generator.uniform(0, 1, 2000)
    # The worse a face, the further its identity strays, from where its person's lie.
    people = generator.integers(0, 20, 2000)
    centres = generator.normal(size=(20, 32))
    identities = centres[people] + (1 - good)[:, None] * 2.5 * generator.normal(size=(2000, 32))
    identities /= np.linalg.norm(identities, axis=1, keepdims=True)
    made = Probes(
        [f"p{one}" for one in people], [str(n) for n in range(2000)], [AS_IT_IS] * 2000,
        identities.astype(np.float32), good, good,
    )  # fmt: skip
    kept = decide(made, good, 0.4)
    wrong = [one.wrong for one in kept]
    assert max(np.diff(wrong)) < 0.01  # some of few pairs are wrong by chance
    assert wrong[-1] < 0.2 * wrong[0]
    shares = [one.share for one in kept]
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)


def test_nobody_to_compare_with_is_an_error() -> None:
    for people in (["ada", "bob"], ["ada", "ada"]):
        with pytest.raises(ValueError, match="two photographs of one person, and one of another"):
            decide(probes([AS_IT_IS] * 2, people, [1.0, 1.0]), np.ones(2), 0.5)


def test_people_with_several_photographs_are_taken_evenly(pictures: list[Picture]) -> None:
    assert [picture.key for picture in several_each(pictures, 2)] == ["00", "01", "02", "03", "04", "05"]
    assert {picture.identity for picture in several_each(pictures, 100)} == {"p0", "p1", "p2", "p3"}
    views = [Picture(f"1/{n:02}", Path(), identity="1") for n in range(14)]
    assert [picture.key for picture in several_each(views, 9)] == ["1/00", "1/03", "1/06", "1/09"]


def test_every_way_of_spoiling_is_found_and_lowers_quality_on_average(pictures: list[Picture]) -> None:
    seen: list[None] = []
    made = find(pictures[:6], Middle(), DummyModel(), show=lambda: seen.append(None))
    assert len(seen) == 6
    assert set(made.kinds) == {AS_IT_IS, *SPOILS}
    assert len(made.people) + made.missed == 6 * (1 + len(SPOILS))
    kinds = np.array(made.kinds)
    whole = made.plain[kinds == AS_IT_IS]
    assert (whole > 0.9).all()
    assert (made.full <= made.plain).all()
    for kind in ("blurred", "enlarged"):
        assert made.plain[kinds == kind].mean() < whole.mean() - 0.01, kind
    again = find(pictures[:6], Middle(), DummyModel())
    np.testing.assert_array_equal(again.full, made.full)
    told = report("dummy-1", "middle", made, decide(made, made.plain, 0.8), decide(made, made.full, 0.8))
    assert told.tables[0][0] == ["faces", str(len(made.people))]
    assert told.figures["people"] == 2


def test_photographs_without_a_face_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    path.write_bytes(png(draw_face(24)))
    with pytest.raises(ValueError, match="no pictures in which a face is found"):
        find([Picture("small", path, identity="ada")], Middle(), DummyModel())
