"""A gallery that agrees is said to, and each way in which it does not is found."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from gallery.gallery import Gallery
from gallery.records import Amendment, EnrolledFace, NewFace
from gallery.verification import verify

MakeFace = Callable[..., NewFace]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a snapshot lies that is kept in blocks of four numbers."""
    monkeypatch.setattr("gallery.store.block_keys.BLOCK", 4)
    return tmp_path / "index.snapshot"


@pytest.fixture
def enrolled(url: str, path: Path, new: MakeFace) -> list[EnrolledFace]:
    """Eight faces under the numbers 1, 2, 4, 6 to 9 and 14; the numbers 3, 5 and 10 were erased."""
    gallery = Gallery(url, path)
    faces = gallery.enrol_many([new(n, subject=f"s{n}", metadata={"n": n}) for n in range(10)])
    gallery.delete(faces[2].id)
    gallery.delete(faces[4].id)
    gallery.change(faces[9].id, Amendment(subject="other"))
    gallery.close()
    return faces


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = create_engine(url)
    yield made
    made.dispose()


def test_what_agrees_is_said_to(url: str, path: Path, enrolled: list[EnrolledFace]) -> None:
    verdict = verify(url, path)
    assert verdict.problems == []
    assert (verdict.faces, verdict.deleted, verdict.sequence, verdict.snapshot) == (8, 3, 14, 7)
    shutil.rmtree(path)
    assert verify(url, path).snapshot == 0
    assert verify(url, path).faces == len(enrolled) - 2


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM faces WHERE sequence = 7", "the index holds faces that the store does not have: 1, numbers 7"),
        ("UPDATE faces SET subject = 's1' WHERE sequence = 7", "holds them otherwise: 1, numbers 7"),
        ("UPDATE faces SET metadata = '{}' WHERE sequence = 7", "holds them otherwise: 1, numbers 7"),
        (
            "UPDATE faces SET embedding = (SELECT embedding FROM faces WHERE sequence = 8) WHERE sequence = 7",
            "holds them otherwise: 1, numbers 7",
        ),
        ("INSERT INTO deletions VALUES (11, 7)", "the store holds faces that it notes as deleted: 1, numbers 7"),
        ("INSERT INTO deletions VALUES (11, 7)", "the index holds faces that are deleted: 1, numbers 7"),
        ("INSERT INTO deletions VALUES (11, 7)", "the snapshot holds faces that are deleted: 1, numbers 7"),
        ("UPDATE faces SET sequence = 12 WHERE sequence = 9", "lacks faces of the store"),
    ],
)
def test_what_does_not_agree_is_named(
    url: str, path: Path, enrolled: list[EnrolledFace], engine: Engine, statement: str, problem: str
) -> None:
    assert len(enrolled) == 10
    with engine.begin() as connection:
        # The numbers of the two deletions and of the change are 11, 12 and 13; 11 makes room for another.
        connection.execute(text("DELETE FROM deletions WHERE sequence = 11"))
        connection.execute(text(statement))
    assert any(problem in found for found in verify(url, path).problems), verify(url, path).problems


def test_a_gallery_in_use_agrees(url: str, path: Path, enrolled: list[EnrolledFace], new: MakeFace) -> None:
    gallery = Gallery(url, path)
    gallery.delete(enrolled[0].id)
    gallery.enrol(new(50))
    verdict = verify(url, path)
    assert (verdict.problems, verdict.faces, verdict.snapshot) == ([], 8, 4)
    gallery.close()
