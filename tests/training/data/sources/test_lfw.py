import csv
import tarfile
from pathlib import Path

import pytest

from tests.faces import draw_face, jpeg
from tests.training.data.made_up import CUT_SHORT, face, prepared, put, split
from training.data.sources.lfw import Pair, people, read_fold, read_lfw, read_pairs, read_people
from training.data.sources.pictures import split_of

PEOPLE = ("Ann_Lee", "Bo", "Cy_de_la_Vega", "Di_X")
LINES = ["2\t1", "Ann_Lee\t1\t2", "Bo\t1\tCy_de_la_Vega\t2", "Di_X\t2\t1", "Di_X\t1\tBo\t2"]
"""Two folds of one matched and one mismatched pair."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "lfw-deepfunneled"
    for number, person in enumerate(PEOPLE):
        for picture in (1, 2):
            path = folder / person / f"{person}_{picture:04d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(draw_face(32, 10 * number + picture)))
    (folder / "README.txt").write_text("no picture")
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_text("\n".join(LINES) + "\n")
    return path


def test_pairs_by_fold(pairs: Path) -> None:
    first, second = read_pairs(pairs)
    assert first == [Pair("Ann_Lee_0001", "Ann_Lee_0002", True), Pair("Bo_0001", "Cy_de_la_Vega_0002", False)]
    assert second == [Pair("Di_X_0002", "Di_X_0001", True), Pair("Di_X_0001", "Bo_0002", False)]
    assert read_fold(pairs, 2) == second
    assert people(first) == {"Ann_Lee", "Bo", "Cy_de_la_Vega"}


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "", ":1: expected two numbers"),
        (1, "2", ":1: expected two numbers"),
        (1, "two\tone", ":1: expected two numbers"),
        (1, "2\t3", "expected 12 pairs, found 4"),
        (3, "Bo\t1", ":3: expected name"),
        (3, "Bo 1 Ann 2", ":3: expected name"),
        (4, "Di_X\ttwo\t1", ":4: expected name"),
        (5, "Di_X\t1\tBo\t2\t3", ":5: expected name"),
    ],
)
def test_a_line_that_does_not_fit_is_named(pairs: Path, line: int, text: str, message: str) -> None:
    lines = [*LINES[: line - 1], text, *LINES[line:]]
    pairs.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=message):
        read_pairs(pairs)


def test_an_empty_file_of_pairs(pairs: Path) -> None:
    pairs.write_text("")
    with pytest.raises(ValueError, match=":1: expected two numbers"):
        read_pairs(pairs)


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_fold_that_is_not_there(pairs: Path, number: int) -> None:
    with pytest.raises(ValueError, match=f"has folds 1 to 2, not {number}"):
        read_fold(pairs, number)


def test_the_people_of_the_test_fold_are_the_test_split(root: Path, pairs: Path) -> None:
    for fold, tested in ((1, {"Ann_Lee", "Bo", "Cy_de_la_Vega"}), (2, {"Di_X", "Bo"})):
        found, _ = split(read_lfw(root, pairs, fold))
        pictures = list(found.values())
        assert len(pictures) == 8
        assert {picture.identity for picture in pictures if picture.split == "test"} == tested
        for picture in pictures:
            assert picture.identity is not None
            assert picture.split == ("test" if picture.identity in tested else split_of(picture.identity))
            assert picture.key.startswith(picture.identity + "_0")


def test_a_tar_and_a_folder_agree(root: Path, pairs: Path, tmp_path: Path) -> None:
    archive = tmp_path / "lfw.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(root, root.name)
    plain, packed = (list(split(read_lfw(place, pairs, 1))[0].values()) for place in (root, archive))
    assert [(p.key, p.identity, p.split) for p in packed] == [(p.key, p.identity, p.split) for p in plain]
    assert [picture.read() for picture in packed] == [picture.read() for picture in plain]


@pytest.mark.parametrize("content", [None, b"no archive at all"])
def test_a_file_whose_pictures_have_no_place(root: Path, tmp_path: Path, content: bytes | None) -> None:
    archive = tmp_path / "lfw.tar.gz"
    if content is None:
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(root, root.name)
    else:
        archive.write_bytes(content)
    with pytest.raises(ValueError, match="is no tar archive without compression"):
        list(read_lfw(archive))


def test_expressions_come_from_the_table(root: Path, tmp_path: Path) -> None:
    table = tmp_path / "expressions.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([("image", "expression"), ("Bo_0002.jpg", "happiness"), ("No_0001.jpg", "anger")])
    with table.open("a", newline="") as file:
        csv.writer(file).writerows([("Bo_0001.jpg", "joy"), ("Bo_0001.jpg",)])
    pictures, failures = split(read_lfw(root, expressions=table))
    labels = {key: picture.expression for key, picture in pictures.items()}
    assert labels.pop("Bo_0002") == "happiness"
    assert set(labels.values()) == {None}
    assert failures.pop("expressions.csv:4").endswith("contempt, found 'joy'")
    assert failures == {
        "expressions.csv:5": "expected 2 cells, found 1",
        "No_0001": f"{table} names it, but it is not there",
    }
    table.write_text("a,b\n1,2\n")
    with pytest.raises(
        ValueError, match=r"expressions\.csv:1: expected the columns image, expression; there is no image, expression"
    ):
        list(read_lfw(root, expressions=table))


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    lines = ["2", "2", "Ann_Lee\t2", "Bo\t3", "2", "Cy_de_la_Vega\t2", "Di_X\t2"]
    return put(tmp_path / "people.txt", "\n".join(lines) + "\n")


def test_people_by_fold_and_the_pictures_that_are_missing(root: Path, pairs: Path, listed: Path) -> None:
    assert read_people(listed) == [{"Ann_Lee": 2, "Bo": 3}, {"Cy_de_la_Vega": 2, "Di_X": 2}]
    for fold, tested in ((1, {"Ann_Lee", "Bo"}), (2, {"Cy_de_la_Vega", "Di_X"}), (0, set(PEOPLE))):
        pictures, failures = split(read_lfw(root, None, fold, None, listed))
        assert {picture.identity for picture in pictures.values() if picture.split == "test"} == tested
        assert failures == {"Bo_0003": f"{listed} counts it, but it is not there"}
    both, _ = split(read_lfw(root, pairs, 2, None, listed))
    assert {p.identity for p in both.values() if p.split == "test"} == {"Cy_de_la_Vega", "Di_X", "Bo"}
    with pytest.raises(ValueError, match="has folds 1 to 2, not 3"):
        split(read_lfw(root, None, 3, None, listed))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ":1: expected a count, found ''"),
        ("two", ":1: expected a count, found 'two'"),
        ("1\n1\nAnn 2\n", ":3: expected a name, a tab and a count"),
        ("1\n2\nAnn\t2\n", ":4: expected a name, a tab and a count"),
        ("2\n1\nAnn\t2\nBo\t1\n", r":4: expected a count, found 'Bo\\t1'"),
    ],
)
def test_a_list_of_people_that_does_not_fit(root: Path, listed: Path, content: str, message: str) -> None:
    listed.write_text(content)
    with pytest.raises(ValueError, match=message):
        list(read_lfw(root, listed=listed))


def test_strange_names_and_unreadable_pictures_are_listed(root: Path) -> None:
    put(root / "Bo/Di_X_0009.jpg", face(1))
    put(root / "Bo/Bo.jpg", face(1))
    put(root / "Bo/Bo_0007.jpg", face(1)[:300])
    put(root / "Bo/Bo_0008.jpg", face(1))
    pictures, failures = split(read_lfw(root))
    assert failures == {name: f"Bo/{name}.jpg: expected Name/Name_0001.jpg" for name in ("Di_X_0009", "Bo")}
    samples, unreadable = prepared([pictures["Bo_0007"], pictures["Bo_0008"]])
    assert unreadable == {"Bo_0007": CUT_SHORT}
    assert samples["Bo_0008"].identity == "Bo"
