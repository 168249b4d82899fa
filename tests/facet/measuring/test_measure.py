"""Folders and videos as tables: every form holds the same, and a stopped measurement goes on where it was."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from facet.library import Facet
from facet.measuring import Embedder, Measurement, Shot, local, measure
from facet.measuring.embedder import Measured
from facet.measuring.journal import rows_of
from facet.measuring.sources import files_in
from facet.measuring.tables import Format, embedding_columns, write
from model.attributes import EMBEDDING_SIZE, POSE_ANGLES, Attribute
from model.errors import InvalidRequest, UnreadableFile
from tests.faces import draw_face, jpeg
from worker.interface import Align

FRAMES, RATE = 12, 4.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five faces, a wall, and a video of twelve frames."""
    folder = tmp_path / "material"
    (folder / "below").mkdir(parents=True)
    for number in range(5):
        (folder / "below" / f"{number}.jpg").write_bytes(jpeg(draw_face(seed=number)))
    (folder / "wall.jpg").write_bytes(jpeg(np.full((200, 200, 3), 128, np.uint8)))
    video = cv2.VideoWriter(str(folder / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (200, 200))
    for number in range(FRAMES):
        video.write(draw_face(seed=number)[..., ::-1])
    video.release()
    return folder


class Counting:
    """Embeds, and is stopped after some shots."""

    def __init__(self, embedder: Embedder, stop_after: int = 1000) -> None:
        self.model, self._embedder, self._left = embedder.model, embedder, stop_after
        self.asked: list[str] = []

    def embed(self, shots: Iterable[Shot], align: Align, max_faces: int, likeness: bool = False) -> Iterator[Measured]:
        for measured in self._embedder.embed(shots, align, max_faces, likeness):
            if not self._left:
                raise KeyboardInterrupt
            self._left -= 1
            self.asked.append(measured.shot.name)
            yield measured


def test_every_form_holds_the_same_numbers(model: Facet, folder: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"faces.{name}" for name in ("jsonl", "csv", "npz", "parquet")}
    for path in files.values():
        assert model.measure(folder, path, every=5) == Measurement(path, faces=8, failed=1)
        assert not path.with_name(f"{path.name}.part").exists()
    lines = [json.loads(line) for line in files["jsonl"].read_text().splitlines()]
    expected = np.array([[n for part in Attribute for n in line["embedding"][part]] for line in lines], np.float32)
    assert [(Path(line["picture"]).name, line["frame"], line["seconds"]) for line in lines] == [
        *((f"{number}.jpg", None, None) for number in range(5)),
        *(("clip.avi", number, number / RATE) for number in (0, 5, 10)),
    ]
    with files["csv"].open() as file:
        table = list(csv.DictReader(file))
    written = np.array([[row[name] for name in embedding_columns()] for row in table], np.float32)
    np.testing.assert_array_equal(written, expected)
    parquet = pq.read_table(files["parquet"])
    np.testing.assert_array_equal(np.stack(parquet["embedding"].to_numpy()), expected)
    assert parquet.schema.metadata[b"model"] == model.id.encode()
    with np.load(files["npz"]) as arrays:
        np.testing.assert_array_equal(arrays["embedding"], expected)
        assert arrays["frame"].tolist() == [-1] * 5 + [0, 5, 10]
        assert str(arrays["model"]) == model.id
        for angle in POSE_ANGLES:
            degrees = [line["pose_degrees"][angle] for line in lines]
            assert arrays[angle].tolist() == parquet[angle].to_pylist() == degrees
            assert [float(row[angle]) for row in table] == degrees
        labels = [line["expression"]["label"] for line in lines]
        assert arrays["expression"].tolist() == parquet["expression"].to_pylist() == labels
        happiness = [line["expression"]["probabilities"]["happiness"] for line in lines]
        assert parquet["expression_happiness"].to_pylist() == happiness


def test_the_faces_are_those_of_the_pictures_and_frames(model: Facet, folder: Path, tmp_path: Path) -> None:
    model.measure([folder / "below", folder / "clip.avi"], tmp_path / "faces.npz", every=6)
    with np.load(tmp_path / "faces.npz") as arrays:
        pictures = sorted((folder / "below").iterdir())
        np.testing.assert_array_equal(arrays["embedding"][:5], model.embed(pictures))
        seen = model.embed([draw_face(seed=0), draw_face(seed=6)])
        identity = slice(3, 35)
        assert ((arrays["embedding"][5:] * seen)[:, identity].sum(axis=1) > 0.9).all()


def test_a_quality_and_its_parts_have_columns_of_their_own(model: Facet, folder: Path, tmp_path: Path) -> None:
    [measured] = local(model).embed([Shot(folder / "below" / "0.jpg")], "auto", 1)
    [row] = rows_of(measured)
    without, quality = {**row}, {"score": 0.75, "sharpness": 0.5}
    without.pop("quality", None)
    for path, rows in ((tmp_path / "with.csv", [{**row, "quality": quality}]), (tmp_path / "without.csv", [without])):
        write(rows, path, Format.CSV, model.id)
    with (tmp_path / "with.csv").open() as file:
        [written] = csv.DictReader(file)
    assert (written["quality"], written["quality_sharpness"]) == ("0.75", "0.5")
    assert "quality" not in (tmp_path / "without.csv").read_text().splitlines()[0]


@pytest.mark.parametrize("likeness", [False, True])
def test_the_qualities_are_those_of_the_faces(model: Facet, folder: Path, tmp_path: Path, likeness: bool) -> None:
    place = folder / "below" / "0.jpg"
    model.measure(place, tmp_path / "faces.npz", likeness=likeness)
    [face] = model.faces(place, max_faces=1, likeness=likeness)
    assert face.quality is not None
    assert ("likeness" in face.quality.parts) is likeness
    with np.load(tmp_path / "faces.npz") as arrays:
        assert {name: arrays[f"quality_{name}"].tolist() for name in face.quality.parts} == {
            name: [value] for name, value in face.quality.parts.items()
        }
        assert arrays["quality"].tolist() == [face.quality.score]
        assert ("quality_likeness" in arrays) is likeness


@pytest.mark.parametrize("stop_after", [0, 3, 7])
def test_a_stopped_measurement_goes_on(model: Facet, folder: Path, tmp_path: Path, stop_after: int) -> None:
    whole, again = tmp_path / "whole.csv", tmp_path / "again.csv"
    model.measure(folder, whole, every=5)
    stopped = Counting(local(model), stop_after)
    with pytest.raises(KeyboardInterrupt):
        measure(stopped, [folder], again, every=5)
    assert not again.exists()
    with (tmp_path / "again.csv.part").open("ab") as part:
        part.write(b'{"picture": "cut o')
    rest = Counting(local(model))
    done = measure(rest, [folder], again, every=5)
    assert (done.faces, done.failed) == (8, 1)
    assert again.read_text() == whole.read_text()
    assert (len(stopped.asked), len(rest.asked)) == (stop_after, 9 - stop_after)
    assert not set(stopped.asked) & set(rest.asked)


def test_other_options_do_not_go_on(model: Facet, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        measure(Counting(local(model), 1), [folder], tmp_path / "faces.csv")
    with pytest.raises(InvalidRequest, match=r"faces\.csv\.part"):
        model.measure(folder, tmp_path / "faces.csv", align="none")
    assert model.measure(folder, tmp_path / "faces.csv").faces == 5 + FRAMES


def test_each_failure_is_told(model: Facet, folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    measure(local(model), [folder / "wall.jpg"], tmp_path / "faces.parquet", failure=lambda name, _: told.append(name))
    assert told == [str(folder / "wall.jpg")]
    assert pq.read_table(tmp_path / "faces.parquet")["embedding"].type.list_size == EMBEDDING_SIZE


def test_what_is_not_there_is_refused(model: Facet, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files_in([tmp_path / "nowhere"])
    with pytest.raises(ValueError, match="no pictures"):
        files_in([tmp_path])
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    with pytest.raises(UnreadableFile):
        model.measure(tmp_path, tmp_path / "faces.csv")
