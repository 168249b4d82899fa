import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from model.faces.alignment import frame_of
from model.faces.detector import Detection, load_detector
from tests.faces import draw_face, jpeg
from training.data import prepare as preparation
from training.data.crops import fit_targets, load_crops
from training.data.prepare import Preparation, Preparer, central, prepare, within
from training.data.regions import Region
from training.data.shards import CROP_SIZE, Sample, read_shards
from training.data.sources.pictures import Failure, Picture


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    """Six drawn faces, a blank picture, a broken one, a missing one, and one whose box is elsewhere."""
    contents = {f"P{n}_0001": jpeg(draw_face(200, n)) for n in range(6)}
    contents["Blank_0001"] = jpeg(np.full((200, 200, 3), 120, np.uint8))
    contents["Broken_0001"] = jpeg(draw_face(200))[:500]
    found = []
    for key, content in contents.items():
        path = tmp_path / f"{key}.jpg"
        path.write_bytes(content)
        found.append(Picture(key, path, identity=key.partition("_")[0], expression="neutral"))
    elsewhere = Picture("P0_0002", found[0].path, box=(0, 0, 20, 20))
    return [*found, Picture("Missing_0001", tmp_path / "none.jpg"), elsewhere]


def test_shards_hold_what_was_found_and_list_what_was_not(
    pictures: list[Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "SHARD_SIZE", 4)
    folder, told = tmp_path / "prepared", list[int]()
    listed = [*pictures, Failure("table.csv:3", "expected 5 cells, found 4")]
    failures = prepare(listed, folder, Preparation(), 1, told.append)
    assert {failure.key: failure.reason for failure in failures} == {
        "Blank_0001": "facet finds no face",
        "Broken_0001": "The picture is damaged or cut short; send the complete file.",
        "Missing_0001": f"[Errno 2] No such file or directory: '{tmp_path / 'none.jpg'}'",
        "P0_0002": "facet finds no face where the data set has its box",
        "table.csv:3": "expected 5 cells, found 4",
    }
    lines = (folder / "failures.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [vars(failure) for failure in failures]
    assert sorted(told) == [3, 4, 4]
    shards = sorted(folder.glob("*.parquet"))
    assert [path.name for path in shards] == ["00000.parquet", "00001.parquet", "00002.parquet"]
    found = list(read_shards(folder))
    assert [sample.key for sample in found] == [f"P{n}_0001" for n in range(6)]
    assert {(s.identity, s.expression, s.detector, s.pose) for s in found[:1]} == {("P0", "neutral", "facet", None)}

    written = {path.name: path.stat().st_mtime_ns for path in shards}
    shards[1].unlink()
    assert prepare(listed, folder, Preparation(), 1) == failures
    again = {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("*.parquet"))}
    assert {name for name in again if again[name] != written[name]} == {"00001.parquet"}
    assert list(read_shards(folder)) == found


def test_a_folder_is_not_mixed_from_two_preparations(pictures: list[Picture], tmp_path: Path) -> None:
    folder = tmp_path / "prepared"
    prepare(pictures[:1], folder, Preparation(), 1)
    with pytest.raises(ValueError, match="was begun with other pictures, keys; remove it, or name another folder"):
        prepare(pictures[:2], folder, Preparation(), 1)
    with pytest.raises(ValueError, match="was begun with other keys;"):
        prepare(pictures[1:2], folder, Preparation(), 1)
    with pytest.raises(ValueError, match="was begun with other teacher, detector;"):
        prepare(pictures[:1], folder, Preparation(tmp_path / "yunet.onnx", teacher=True), 1)
    assert [sample.key for sample in read_shards(folder)] == ["P0_0001"]


def test_the_crop_shows_the_face_with_its_margin(pictures: list[Picture]) -> None:
    sample = Preparer(Preparation()).prepare(pictures[0])
    assert isinstance(sample, Sample)
    crop = cv2.imdecode(np.frombuffer(sample.crop, np.uint8), cv2.IMREAD_COLOR)
    assert crop is not None
    assert crop.shape == (CROP_SIZE, CROP_SIZE, 3)
    crops = load_crops([sample], 64, fit_targets([sample]))
    [face] = load_detector().detect(draw_face(200, 0))
    assert sample.side == pytest.approx(frame_of(face).side, rel=0.05)  # in the picture's own pixels
    # The picture ends inside the margin, below; the middle of the frame was photographed.
    mask = crops.pixels[0, 3]
    assert mask[80, 80] == Region.FACE  # no landmarker: the average face's outline
    assert mask[80, 25] == Region.PHOTOGRAPHED
    assert mask[-1].max() == 0


def test_a_face_without_landmarks_stays_without_their_labels(
    pictures: list[Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Blind:
        """Finds no landmarks; as a teacher it must not be asked."""

        def __init__(self, *_: object) -> None:
            pass

        def label(self, *_: object) -> None:
            return None

        def close(self) -> None:
            pass

    monkeypatch.setattr("training.data.labellers.HeadLabeller", Blind)
    monkeypatch.setattr("training.data.labellers.IdentityTeacher", Blind)
    sample = Preparer(Preparation(landmarker=tmp_path, teacher=True)).prepare(pictures[0])
    assert isinstance(sample, Sample)
    assert (sample.pose, sample.blendshapes, sample.teacher) == (None, None, None)
    assert sample.identity == "P0"


def test_the_face_nearest_to_the_centre_in_its_own_units_is_meant() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    middle = Detection((80, 80, 40, 40), 0.5)
    aside, large = Detection((0, 0, 40, 40), 1.0), Detection((100, 100, 90, 90), 1.0)
    assert central([aside, large, middle], image) is middle
    # 50 · √2 pixels off in units of 40, against 45 · √2 in units of 90.
    assert central([aside, large], image) is large


def test_the_face_in_the_box_is_meant_however_loose_the_box() -> None:
    left, right = Detection((0, 0, 40, 40), 1.0), Detection((100, 0, 40, 40), 1.0)
    assert within([left, right], (90, -15, 60, 80)) is right
    assert within([left, right], (5, 5, 20, 20)) is left
    assert within([left, right], (50, 50, 40, 40)) is None
