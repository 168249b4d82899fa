from pathlib import Path

import numpy as np
import pytest

from tests.training.data.made_up import CUT_SHORT, face, prepared, put, side, split, two_faces
from training.data.sources.affectnet import read_affectnet
from training.data.sources.pictures import split_of

HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"  # theirs
)


def row(name: str, expression: object, affect: str, box: str = "20,15,80,90") -> str:
    return f"{name},{box},1.5;2.5;3.5;4.5,{expression},{affect}"


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """The layout of tables, with one fault of each kind."""
    pictures = tmp_path / "Manually_Annotated_Images"
    for name in ("1/a.jpg", "1/d.jpg", "2/f.jpg", "2/g.jpg", "3/v.jpg"):
        put(pictures / name, face(1))
    put(pictures / "1/b.jpg", two_faces(1, 2))
    put(pictures / "1/c.jpg", face(3)[:400])
    training = [
        row("1/a.jpg", 1, "0.75,0.25"),
        row("1/b.jpg", 6, "-0.5,0.5", "140,15,80,100"),
        row("1/c.jpg", 0, "0,0"),
        row("1/d.jpg", 9, "-2,-2"),
        row("1/e.jpg", 3, "0,0"),
        row("2/f.jpg", 10, "-2,-2"),
        row("2/g.jpg", 11, "0,0"),
        row("2/g.jpg", 4, "0,1.5"),
        row("2/g.jpg", 4, "0,0", "NULL,15,80,90"),
        "2/g.jpg,4,0,0",
    ]
    put(tmp_path / "training.csv", "\n".join([HEADER, *training]) + "\n")
    put(tmp_path / "validation.csv", f"{HEADER}\n{row('3/v.jpg', 7, '-0.25,0.125')}\n")
    return tmp_path


def test_tables_give_expression_affect_box_and_split(tables: Path) -> None:
    pictures, failures = split(read_affectnet(tables))
    labels = {key: (p.expression, p.valence_arousal, p.split) for key, p in pictures.items()}
    assert labels == {
        "1/a": ("happiness", (0.75, 0.25), split_of("1/a")),
        "1/b": ("anger", (-0.5, 0.5), split_of("1/b")),
        "1/c": ("neutral", (0, 0), split_of("1/c")),
        "1/d": (None, None, split_of("1/d")),
        "3/v": ("contempt", (-0.25, 0.125), "test"),
    }
    assert pictures["1/b"].box == (140, 15, 80, 100)
    assert failures == {
        "1/e.jpg": f"training.csv:6: there is no {tables}/Manually_Annotated_Images/1/e.jpg",
        "2/f.jpg": "training.csv:7: labelled as no face",
        "training.csv:8": "expected a whole number from 0 to 10 as expression, found 11",
        "training.csv:9": "expected a number from -2 to 1 as arousal, found '1.5'",
        "training.csv:10": "expected a number as face_x, found 'NULL'",
        "training.csv:11": "expected 9 cells, found 4",
    }
    samples, unreadable = prepared(pictures.values())
    assert unreadable == {"1/c": CUT_SHORT}
    assert side(samples["1/b"]) == "right"
    assert samples["1/a"].valence_arousal == [0.75, 0.25]


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """The layout of NumPy files, with one fault of each kind."""
    for part, number, code in (("train_set", 0, 1), ("train_set", 1, 2), ("train_set", 2, 0), ("val_set", 7, 6)):
        put(tmp_path / part / f"images/{number}.jpg", face(number))
        annotate(tmp_path / part, number, code)
    put(tmp_path / "train_set/images/3.jpg", face(3)[:400])
    annotate(tmp_path / "train_set", 3, 0)
    put(tmp_path / "train_set/images/4.jpg", face(4))
    annotate(tmp_path / "train_set", 5, 0)
    annotations = tmp_path / "train_set/annotations"
    (annotations / "1_val.npy").write_bytes(b"no array")
    np.save(annotations / "2_lnd.npy", np.zeros(10))
    return tmp_path


def annotate(part: Path, number: int, code: int) -> None:
    folder = part / "annotations"
    folder.mkdir(parents=True, exist_ok=True)
    landmarks = np.random.default_rng(0).uniform(30, 90, 136)
    # The owners stored them as text.
    for name, value in (("exp", str(code)), ("val", "0.5"), ("aro", "-0.25"), ("lnd", landmarks)):
        np.save(folder / f"{number}_{name}.npy", value)


def test_arrays_give_the_same_labels_and_a_box_around_the_landmarks(arrays: Path) -> None:
    pictures, failures = split(read_affectnet(arrays))
    assert list(pictures) == ["train_set/0", "train_set/3", "val_set/7"]
    first, last = pictures["train_set/0"], pictures["val_set/7"]
    assert (first.expression, first.valence_arousal) == ("happiness", (0.5, -0.25))
    assert (last.expression, last.split) == ("anger", "test")
    assert first.box is not None
    assert first.box == pytest.approx((30, 30, 60, 60), abs=3)
    folder = arrays / "train_set/annotations"
    assert failures.keys() == {f"train_set/{number}" for number in (1, 2, 4, 5)}
    assert failures["train_set/1"].startswith(f"{folder}/1_val.npy: expected a NumPy file of numbers")
    assert failures["train_set/2"] == f"{folder}/2_lnd.npy: expected 68 points, found 10 numbers"
    assert failures["train_set/4"] == f"[Errno 2] No such file or directory: '{folder}/4_exp.npy'"
    assert failures["train_set/5"] == f"{folder}/5_exp.npy has no picture {arrays}/train_set/images/5.jpg"
    samples, unreadable = prepared(pictures.values())
    assert unreadable == {"train_set/3": CUT_SHORT}
    assert samples.keys() == {"train_set/0", "val_set/7"}


def test_a_folder_with_neither_layout(tmp_path: Path, tables: Path) -> None:
    (tables / "validation.csv").unlink()
    with pytest.raises(ValueError, match=r"layout of AffectNet: there is no \S+/validation.csv or"):
        list(read_affectnet(tables))
    put(tmp_path / "b/train_set/images/0.jpg", face(0))
    with pytest.raises(ValueError, match=r"there is no \S+/train_set/annotations; there is no \S+/val_set/images"):
        list(read_affectnet(tmp_path / "b"))
    put(tables / "validation.csv", HEADER.replace("valence", "val"))
    with pytest.raises(ValueError, match=r"validation.csv:1: expected the columns .* there is no valence"):
        list(read_affectnet(tables))
