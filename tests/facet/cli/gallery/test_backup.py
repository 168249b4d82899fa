import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from facet.cli import app
from gallery.backup import back_up, restore
from gallery.gallery import Gallery
from gallery.records import EnrolledFace, NewFace
from gallery.store.database import Database
from gallery.store.store import Store
from model.attributes import EMBEDDING_SIZE, normalized
from model.errors import Unavailable
from service.security.key_store import KeyStore
from service.security.scopes import Scope
from tests.gallery import postgres


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


def face(seed: int) -> NewFace:
    numbers = np.random.default_rng(seed).uniform(-1, 1, EMBEDDING_SIZE)
    return NewFace(f"subject {seed}", normalized(numbers.astype(np.float32)), "m1", metadata={"n": seed}, crop=b"png")


def content(url: str) -> list[tuple[object, ...]]:
    """All that a gallery tells of its faces, to the last bit."""
    store = Store(url)
    try:
        return [told(store, found) for found in store.page(limit=1000).faces]
    finally:
        store.close()


def told(store: Store, found: EnrolledFace) -> tuple[object, ...]:
    fields = (found.id, found.sequence, found.subject, found.collection, found.model, found.metadata, found.created)
    return (*fields, found.embedding.tobytes(), store.crop(found.id))


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two databases of one kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'one' / 'facet.db'}", f"sqlite:///{tmp_path / 'two' / 'facet.db'}"
        return
    programs = postgres.binaries()
    if programs is None:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as folder:
        yield postgres.database(folder), postgres.database(folder)


def test_what_is_backed_up_while_it_is_used_comes_back_whole(urls: tuple[str, str], tmp_path: Path) -> None:
    url, other = urls
    gallery = Gallery(url)
    enrolled = gallery.enrol_many([face(seed) for seed in range(50)])
    gallery.delete(enrolled[7].id)
    key, token = KeyStore(gallery.database).create("Ada", [Scope.SEARCH])
    kept = content(url)
    file = tmp_path / "faces.backup"
    assert run("backup", str(file), "--database-url", url) == (0, f"49 faces in {file}\n")
    gallery.enrol(face(99))
    gallery.delete(enrolled[3].id)
    gallery.close()
    assert run("restore", str(file), "--database-url", other) == (0, "49 faces restored\n")
    assert content(other) == kept
    code, text = run("restore", str(file), "--database-url", url)
    assert (code, "--replace" in text) == (1, True)
    assert run("restore", str(file), "--replace", "--database-url", url) == (0, "49 faces restored\n")
    assert content(url) == kept
    restored = Gallery(other)
    assert restored.enrol(face(100)).sequence == enrolled[-1].sequence + 2
    assert KeyStore(restored.database).all() == [key]
    restored.close()
    assert token not in file.read_bytes().decode("latin-1")


def test_a_restored_gallery_takes_no_index_of_another_time_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery.store.block_keys.BLOCK", 2)
    place = ("--data-dir", str(tmp_path))
    url, snapshot = f"sqlite:///{tmp_path / 'facet.db'}", tmp_path / "index.snapshot"
    gallery = Gallery(url, snapshot)
    first = gallery.enrol(face(1))
    file = tmp_path / "faces.backup"
    run("backup", str(file), *place)
    gallery.enrol(face(2))
    gallery.close()
    assert snapshot.exists()
    name = store_name(url)
    shutil.copytree(snapshot, tmp_path / "later")
    assert run("restore", str(file), "--replace", *place)[0] == 0
    assert not snapshot.exists()
    assert store_name(url) != name
    # Put back by somebody, and reached by as many changes.
    shutil.copytree(tmp_path / "later", snapshot)
    gallery = Gallery(url, snapshot)
    third = gallery.enrol(face(3))
    assert gallery.census() == {"m1": 2}
    assert {found.id for found in gallery.page().faces} == {first.id, third.id}
    gallery.close()


def store_name(url: str) -> str:
    store = Store(url)
    try:
        return store.name()
    finally:
        store.close()


def test_a_backup_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    Gallery(f"sqlite:///{tmp_path / 'facet.db'}").close()
    (tmp_path / "there").write_text("mine")
    code, text = run("backup", str(tmp_path / "there"), "--data-dir", str(tmp_path))
    assert (code, "is there already" in text) == (1, True)
    assert (tmp_path / "there").read_text() == "mine"
    assert run("backup", str(tmp_path / "new"), "--data-dir", str(tmp_path / "nowhere"))[0] == 1
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("damage", ["no file", "text", "cut", "another database"])
def test_what_is_no_backup_leaves_what_is_there(tmp_path: Path, damage: str) -> None:
    url, file = f"sqlite:///{tmp_path / 'facet.db'}", tmp_path / "backup"
    gallery = Gallery(url)
    gallery.enrol_many([face(seed) for seed in range(30)])
    gallery.close()
    kept = content(url)
    if damage == "text":
        file.write_text("This is no database. " * 500)
    elif damage == "cut":
        assert run("backup", str(file), "--data-dir", str(tmp_path))[0] == 0
        file.write_bytes(file.read_bytes()[:-8192])
    elif damage == "another database":
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE cats (name TEXT)")
        other.close()
    code, text = run("restore", str(file), "--replace", "--data-dir", str(tmp_path))
    assert code == 1
    assert text.startswith("facet: ")
    assert content(url) == kept
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_a_server_that_cannot_be_reached_is_told_without_the_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://facet:hunter2@127.0.0.1:1/facet"
    code, text = run("backup", str(tmp_path / "file"), "--database-url", url)
    assert (code, "pg_dump failed" in text, "hunter2" in text) == (1, True, False)


def test_a_gallery_without_faces_is_backed_up_too(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path / 'facet.db'}").close()
    assert run("backup", str(tmp_path / "b"), "--data-dir", str(tmp_path))[1].startswith("0 faces")


def left_behind(tmp_path: Path, count: int) -> str:
    """A SQLite database as a killed service leaves it: its last faces are in the write-ahead log alone."""
    gallery = Gallery(f"sqlite:///{tmp_path / 'running' / 'facet.db'}")
    gallery.enrol_many([face(seed) for seed in range(count)])
    shutil.copytree(tmp_path / "running", tmp_path / "killed")
    gallery.close()
    assert (tmp_path / "killed" / "facet.db-wal").stat().st_size > 0
    return f"sqlite:///{tmp_path / 'killed' / 'facet.db'}"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of one face."""
    gallery = Gallery(f"sqlite:///{tmp_path / 'other' / 'facet.db'}")
    gallery.enrol(face(1000))
    gallery.close()
    back_up(f"sqlite:///{tmp_path / 'other' / 'facet.db'}", tmp_path / "one.backup")
    return tmp_path / "one.backup"


def test_a_restore_that_is_cut_off_loses_nothing_of_what_was_there(
    tmp_path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = left_behind(tmp_path, 20)

    def cut_off(_: Path, __: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gallery.backup._settle", cut_off)
    with pytest.raises(KeyboardInterrupt):
        restore(backup, url)
    assert len(content(url)) == 20


def test_the_log_of_the_old_database_does_not_reach_the_new_one(tmp_path: Path, backup: Path) -> None:
    url = left_behind(tmp_path, 20)
    assert restore(backup, url) == 1
    assert [row[2] for row in content(url)] == ["subject 1000"]


def test_a_database_that_is_in_use_is_not_replaced(tmp_path: Path, backup: Path) -> None:
    url = left_behind(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / "killed" / "facet.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="in use; stop the service first"):
            restore(backup, url)
    assert len(content(url)) == 3


def test_a_damaged_database_is_replaced(tmp_path: Path, backup: Path) -> None:
    url = left_behind(tmp_path, 3)
    (tmp_path / "killed" / "facet.db").write_bytes(b"no database" * 1000)
    assert restore(backup, url) == 1
