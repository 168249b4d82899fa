from pathlib import Path

import pytest

from tests.training.data.made_up import CUT_SHORT, face, prepared, put, side, split, two_faces
from training.data.sources.celeba import read_celeba
from training.data.sources.pictures import split_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pictures in the wild in the owners' three folders, with one fault of each kind."""
    for number in (1, 4, 5, 6, 8):
        put(tmp_path / f"Img/img_celeba/{number:06}.jpg", face(number))
    put(tmp_path / "Img/img_celeba/000002.jpg", two_faces(1, 2))
    put(tmp_path / "Img/img_celeba/000003.jpg", face(3)[:400])
    people = ["000001.jpg 2880", "000002.jpg 17", "000003.jpg 17", "000004.jpg", "000005.jpg 9", "000006.jpg 8"]
    put(tmp_path / "Anno/identity_CelebA.txt", "\n".join([*people, "000007.jpg 7", "000008.jpg 8"]) + "\n")
    labels = [f"{number:06}.jpg -1  1 -1" for number in (1, 2, 3, 4, 6, 7, 8)] + ["000005.jpg 1 1"]
    put(tmp_path / "Anno/list_attr_celeba.txt", "\n".join(["8", "Bald Male Smiling", *labels]) + "\n")
    boxes = [f"{number:06}.jpg    {140 if number == 2 else 20}  15 80 100" for number in range(1, 9)]
    put(tmp_path / "Anno/list_bbox_celeba.txt", "\n".join(["8", "image_id x_1 y_1 width height", *boxes]) + "\n")
    return tmp_path


PARTS = [1, 2, 0, 0, 0, 5, 0, 0]


def test_identities_and_attributes(root: Path) -> None:
    pictures, failures = split(read_celeba(root))
    assert list(pictures) == ["000001", "000002", "000003", "000006", "000008"]
    first = pictures["000001"]
    assert (first.identity, first.split, first.box) == ("2880", split_of("2880"), (20, 15, 80, 100))
    assert first.attributes == {"Bald": -1, "Male": 1, "Smiling": -1}
    assert failures == {
        "identity_CelebA.txt:4": "expected a name and 1 numbers, found 0",
        "list_attr_celeba.txt:10": "expected a name and 3 numbers, found 2",
        "000004.jpg": "it has no readable row in identity_CelebA.txt",
        "000005.jpg": "it has no readable row in list_attr_celeba.txt",
        "000007.jpg": f"identity_CelebA.txt names it, but there is no {root}/Img/img_celeba/000007.jpg",
    }
    samples, unreadable = prepared(pictures.values())
    assert unreadable == {"000003": CUT_SHORT}
    assert side(samples["000002"]) == "right"
    assert samples["000001"].attributes == {"Bald": -1, "Male": 1, "Smiling": -1}


def test_the_owners_split_where_it_is_there(root: Path) -> None:
    parts = "".join(f"{number:06}.jpg {part}\n" for number, part in enumerate(PARTS, 1))
    put(root / "Eval/list_eval_partition.txt", parts)
    pictures, failures = split(read_celeba(root))
    assert {key: p.split for key, p in pictures.items()} == {
        "000001": "val",
        "000002": "test",
        "000003": "train",
        "000008": "train",
    }
    assert failures["000006.jpg"] == "list_eval_partition.txt: expected 0, 1 or 2, found 5"


def test_aligned_pictures_have_no_box(root: Path) -> None:
    (root / "Img/img_celeba").rename(root / "img_align_celeba")
    pictures, _ = split(read_celeba(root))
    assert {picture.box for picture in pictures.values()} == {None}


def test_what_is_missing_or_malformed_is_named(root: Path) -> None:
    put(root / "Anno/list_attr_celeba.txt", "Bald Male\n")
    with pytest.raises(ValueError, match=r"list_attr_celeba.txt:1: expected the count of pictures"):
        list(read_celeba(root))
    with pytest.raises(ValueError, match=r"there is no \S+/identity_CelebA.txt or \S+; there is no \S+/list_attr_c"):
        list(read_celeba(root / "Img"))
