import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from model.engine.backend import Pixels
from model.faces.detector import Detection
from tests.faces import draw_face, png
from training.data.mixture import Source
from training.data.sources.pictures import Failure, Picture
from training.detector.batches import DetectorBatches
from training.detector.composing import Composition
from training.detector.labels import label, mine, read_labels, write_labels
from training.detector.material import Material
from training.detector.recipe import DetectorRecipe
from training.detector.train import train_detector
from training.recipe import read_recipe

KINDS = {"photograph": 0, "mosaic": 1, "pasted": 2, "nothing": 3}


class DrawnTeacher:
    """Knows where `draw_face` puts a face, in pictures of which the first pixel is not black."""

    name = "drawn"
    longest = 640
    shared = False

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        if not image[0, 0].any():
            return []
        size = len(image)
        points = np.array([[0.39, 0.47], [0.61, 0.47], [0.5, 0.6], [0.42, 0.733], [0.58, 0.733]], np.float32)
        return [Detection((0.25 * size, 0.2 * size, 0.5 * size, 0.66 * size), 0.9, points * size)][:at_most]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, float]]:
    """Labels of drawn faces, and of black pictures as such without faces."""
    folder = tmp_path_factory.mktemp("faces")
    pictures: list[Picture | Failure] = [Failure("x", "none")]
    for n in range(8):
        (folder / f"{n}.png").write_bytes(png(draw_face(120, seed=n)))
        pictures.append(Picture(f"{n}.png", folder / f"{n}.png", split="val" if n > 5 else "train"))
    (folder / "broken.png").write_bytes(b"nothing")
    pictures += [Picture("broken.png", folder / "broken.png"), Picture("test", folder / "0.png", split="test")]
    empty: list[Picture | Failure] = []
    for n in range(4):
        (folder / f"black{n}.png").write_bytes(png(np.zeros((90, 140, 3), np.uint8)))
        empty.append(Picture(f"black{n}", folder / f"black{n}.png", split="val" if n > 2 else "train"))
    write_labels(pictures, DrawnTeacher(), folder / "drawn.jsonl", empty=False)
    write_labels(empty, DrawnTeacher(), folder / "nothing.jsonl", empty=True)
    return [(folder / "drawn.jsonl", 1.0), (folder / "nothing.jsonl", 1.0)]


def test_labels_are_of_the_split_and_readable_pictures(sources: list[tuple[Path, float]]) -> None:
    drawn = sources[0][0]
    assert [each.picture.key for each in read_labels([drawn], "train")] == [f"{n}.png" for n in range(6)]
    assert list(read_labels([drawn], "test")) == []
    [face] = next(read_labels([drawn], "val")).faces
    assert face.box == pytest.approx((30, 24, 60, 79.2))
    reasons = [json.loads(line).get("left_out") for line in drawn.read_text().splitlines()]
    assert sum(reason is not None for reason in reasons) == 2


def test_labelling_goes_on_after_a_line_that_was_cut_off(sources: list[tuple[Path, float]], tmp_path: Path) -> None:
    before = sources[0][0].read_text()
    path = tmp_path / "labels.jsonl"
    path.write_text(before[: len(before) // 2])
    pictures = [each.picture for split in ("train", "val") for each in read_labels([sources[0][0]], split)]  # type: ignore[arg-type]
    write_labels(pictures, DrawnTeacher(), path, empty=False)
    kept = {row["key"]: row for row in map(json.loads, path.read_text().splitlines())}
    assert {key: kept[key] for key in sorted(kept)} == {
        row["key"]: row
        for row in sorted(map(json.loads, before.splitlines()), key=lambda row: row["key"])
        if "left_out" not in row
    }


def test_a_face_seen_at_both_sizes_is_one() -> None:
    assert len(label(draw_face(100), DrawnTeacher())) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_faces_are_where_the_truth_says(sources: list[tuple[Path, float]], kind: str) -> None:
    chances = [0.0] * 4
    chances[KINDS[kind]] = 1.0
    material, composition = Material(sources, "train"), Composition(tuple(chances))  # type: ignore[arg-type]
    found = 0
    for number in range(12):
        image, truth = composition.compose(material, 160, np.random.default_rng(number))
        assert image.shape == (160, 160, 3)
        assert image.dtype == np.uint8
        assert (truth.sizes[truth.sure] >= composition.least).all()
        assert (truth.seen(160, 160) > 0.1).all()
        found += int(truth.sure.sum())
        for box, size, sure in zip(truth.boxes, truth.sizes, truth.sure, strict=True):
            x, y, x2, y2 = np.clip(box, 0, 160).astype(int)
            # A drawn face is not as even as the black picture about it.
            assert not sure or size < 20 or image[y:y2, x:x2].std() > 2
    assert (found == 0) == (kind == "nothing")


def test_a_photograph_that_is_turned_turns_its_points(sources: list[tuple[Path, float]]) -> None:
    material = Material(sources, "train")
    composition = Composition((1.0, 0.0, 0.0, 0.0), smallest=60.0, largest=0.5, turned=1.0)
    angles = []
    for number in range(40):
        _, truth = composition.compose(material, 160, np.random.default_rng(number))
        across = truth.points[0, 1] - truth.points[0, 0]
        angles.append(float(np.degrees(np.arctan2(across[1], across[0]))))
    assert max(map(abs, angles)) <= composition.turn + 1
    assert min(angles) < -40
    assert max(angles) > 40


def test_a_small_face_is_not_blown_up(sources: list[tuple[Path, float]]) -> None:
    material, largest = Material(sources, "train"), []
    for enlarged in (1.0, 9.0):
        composition = Composition((0.5, 0.0, 0.5, 0.0), smallest=100.0, largest=2.0, enlarged=enlarged, turned=0.0)
        made = [composition.compose(material, 256, np.random.default_rng(number))[1] for number in range(20)]
        largest.append(max(float(truth.sizes.max(initial=0)) for truth in made))
    # As large as in its photograph, 60 by 79.2 pixels, but for the few degrees by which it is turned.
    assert largest[0] == pytest.approx((60 * 79.2) ** 0.5, rel=0.02)
    assert largest[1] > 150


def test_a_batch_is_a_function_of_seed_and_number(sources: list[tuple[Path, float]]) -> None:
    material = Material(sources, "train")
    first, again = (DetectorBatches(material, Composition(), [64, 96], 4, seed=3) for _ in range(2))
    for number in (0, 1, 5):
        torch.testing.assert_close(first[number].images, again[number].images)
        torch.testing.assert_close(first[number].faces[0].boxes, again[number].faces[0].boxes)
    assert not torch.equal(first[0].images[0, :, :64, :64], first[1].images[0, :, :64, :64])


def test_there_must_be_faces_and_pictures_without(sources: list[tuple[Path, float]]) -> None:
    for one in sources:
        with pytest.raises(ValueError, match="with faces and ones without"):
            Material([one], "train")


class Alarmed(DrawnTeacher):
    """Sees a face in one place of every picture."""

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        return [Detection((100.0, 20.0, 12.0, 14.0), 0.4)][: None if image.any() else at_most]


def test_where_a_detector_saw_a_face_that_is_none_is_shown_more(
    sources: list[tuple[Path, float]], tmp_path: Path
) -> None:
    path = tmp_path / "nothing.jsonl"
    path.write_text(sources[1][0].read_text())
    before = [json.loads(line) for line in path.read_text().splitlines()]
    assert mine(path, Alarmed()) == 4
    assert mine(path, Alarmed()) == 4  # anew, not once more
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row.pop("alarms") for row in rows] == [[[100.0, 20.0, 12.0, 14.0]]] * 4
    assert rows == before
    assert [each.alarms for each in read_labels([path], "val")] == [((100.0, 20.0, 12.0, 14.0),)]
    # A light in each picture at that place: without alarms few backgrounds of 48 pixels have it, with them many more.
    light = np.zeros((90, 140, 3), np.uint8)
    light[24:30, 103:109] = 255
    lit = []
    for labels in (sources[1][0], path):
        material = Material([sources[0], (labels, 1.0)], "train")
        material._backgrounds = [light] * len(material._backgrounds)
        rng = np.random.default_rng(0)
        lit.append(sum(material.background(48, rng).any() for _ in range(200)))
    assert lit[1] > lit[0] + 30


def test_faces_hold_no_alarms(sources: list[tuple[Path, float]], tmp_path: Path) -> None:
    path = tmp_path / "drawn.jsonl"
    path.write_text(sources[0][0].read_text())
    assert mine(path, Alarmed()) == 0
    assert path.read_text() == sources[0][0].read_text()


RECIPE = DetectorRecipe.from_data(
    {
        "stage": "detector",
        "steps": 6,
        "batch_size": 2,
        "sides": [64],
        "network": {"channels": [8, 8, 8, 8, 8], "depths": [0, 1, 1, 1], "width": 8},
        "optimiser": {"warmup_steps": 2, "decay_steps": 2},
        "log_steps": 1,
        "validation_steps": 3,
        "validation_pictures": 4,
        "sheet_steps": 6,
    }
)


def test_a_run_goes_on_exactly_after_a_stop(sources: list[tuple[Path, float]], tmp_path: Path) -> None:
    cv2.setNumThreads(1)
    data = [Source(path, weight) for path, weight in sources]
    assert train_detector(RECIPE, data, tmp_path / "whole")
    seen: list[int] = []
    assert not train_detector(RECIPE, data, tmp_path / "parts", minutes=0.0, show=lambda now: seen.append(now.step))
    assert seen == []
    assert train_detector(RECIPE, data, tmp_path / "parts", show=lambda now: seen.append(now.step))
    assert seen == [1, 2, 3, 4, 5, 6]
    whole, parts = ((tmp_path / name / "detector.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole[-4000:] == parts[-4000:]
    rows = [json.loads(line) for line in (tmp_path / "whole" / "metrics.jsonl").read_text().splitlines()]
    assert {"recall", "false"} <= {key for row in rows for key in row}
    assert (tmp_path / "whole" / "sheets" / "000006.png").exists()


def test_the_recipe_survives_its_data() -> None:
    recipe = DetectorRecipe.from_data(read_recipe("detector"))
    assert DetectorRecipe.from_data(json.loads(json.dumps(recipe.to_data()))) == recipe


def test_recipes_with_unknown_keys_are_refused() -> None:
    data = {"stage": "detector", "steps": 3}
    with pytest.raises(ValueError, match="unknown key batchsize; did you mean batch_size"):
        DetectorRecipe.from_data(data | {"batchsize": 3})
    with pytest.raises(ValueError, match=r"composition\.turns; did you mean composition\.turn"):
        DetectorRecipe.from_data(data | {"composition": {"turns": 3}})
    with pytest.raises(ValueError, match="multiples of 32"):
        DetectorRecipe.from_data(data | {"sides": [100]})
