"""Connections, files and logs of the database, by what the store does with them."""

import gc
import resource
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import Pool

from gallery.records import NewFace
from gallery.store.database import MOST_CONNECTIONS
from gallery.store.store import Store
from model.errors import NotFound, Unavailable
from tests.processes import wait_until

MakeFace = Callable[..., NewFace]


def test_no_more_connections_are_opened_than_the_server_can_be_asked_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("a file has no connections")
    store = Store(url)

    def count(_: int) -> int:
        with store.database.transaction() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(0.05)")
            of_ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            return int(connection.exec_driver_sql(of_ours).scalar_one())

    with ThreadPoolExecutor(40) as threads:
        assert 10 < max(threads.map(count, range(80))) <= MOST_CONNECTIONS
    store.close()
    monkeypatch.setattr("gallery.store.database._POOL_SECONDS", 0.1)
    store = Store(url)
    with ExitStack() as held:
        for _ in range(MOST_CONNECTIONS):
            held.enter_context(store.database.transaction())
        with pytest.raises(Unavailable):
            store.sequence()
    assert store.sequence() == 0
    store.close()


def test_connections_that_broke_off_are_told_once(store: Store, url: str, new: MakeFace) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("a file has no connections")
    face = store.add(new(1))
    with ThreadPoolExecutor(4) as threads:
        # Several connections wait for their next use.
        list(threads.map(lambda _: store.sequence(), range(20)))
    engine = create_engine(url)
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        assert connection.execute(text(f"{others} AND pid != pg_backend_pid()")).all()
    engine.dispose()
    with pytest.raises(Unavailable, match="does not answer"):
        store.find([face.sequence])
    for _ in range(5):
        assert store.find([face.sequence])[0] == 1


@pytest.mark.parametrize("how", ["another fails", "the store closes"])
def test_a_connection_in_use_while_the_others_are_closed_is_closed_after_it(store: Store, url: str, how: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("a file has no connections")
    engine = create_engine(url)

    def open_ones() -> int:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
        with engine.connect() as connection:
            return int(connection.execute(text(others)).scalar_one())

    with store.database.transaction() as used:
        if how == "the store closes":
            store.close()
        else:
            with pytest.raises(Unavailable), store.database.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        wait_until(lambda: open_ones() == 1)
        assert used.execute(text("SELECT 1")).scalar_one() == 1
    wait_until(lambda: open_ones() == 0)
    assert store.sequence() == 0
    engine.dispose()


def test_a_connection_opened_while_the_others_are_being_closed_is_closed_after_it(store: Store, url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("a file has no connections")
    engine = create_engine(url)
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
    with ExitStack() as later:
        opened = []

        def open_another(*_: object) -> None:
            if not opened:
                opened.append(True)
                later.enter_context(store.database.transaction())

        event.listen(Pool, "close", open_another)
        store.close()
        event.remove(Pool, "close", open_another)
        assert opened
    with engine.connect() as connection:
        wait_until(lambda: connection.execute(text(others)).scalar_one() == 0)
    gc.collect()  # a connection that was left open warns
    engine.dispose()


def test_threads_write_at_the_same_time(store: Store, new: MakeFace) -> None:
    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(lambda n: store.add(new(n, subject=str(n))), range(80)))
    assert sorted(face.sequence for face in added) == list(range(1, 81))
    assert len({face.id for face in added}) == 80
    assert [face.sequence for face in store.page(limit=100).faces] == list(range(1, 81))


def test_stores_open_at_the_same_moment(url: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        stores = list(threads.map(Store, [url] * 8))
    assert [store.sequence() for store in stores] == [0] * 8
    for store in stores:
        store.close()


def test_a_store_opens_while_another_process_makes_the_database(tmp_path: Path) -> None:
    # SQLite refuses the change to a log at once while somebody writes, whatever the time that others' locks may take.
    with (
        closing(sqlite3.connect(tmp_path / "new.db", isolation_level=None)) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        other.execute("BEGIN IMMEDIATE")
        opening = thread.submit(Store, f"sqlite:///{tmp_path / 'new.db'}")
        with pytest.raises(TimeoutError):
            opening.result(0.3)
        other.execute("COMMIT")
        opening.result(10).close()


def test_deleted_vectors_are_in_no_file(tmp_path: Path, sqlite_url: str, new: MakeFace) -> None:
    def files_with(face: NewFace) -> list[str]:
        needles = (face.embedding.tobytes(), face.crop, face.subject.encode())
        return [path.name for path in tmp_path.iterdir() if any(needle in path.read_bytes() for needle in needles)]

    with_crop = [new(n, subject=f"somebody-{n}", crop=b"picture-%d " % n * 2000) for n in range(20)]
    first, second = Store(sqlite_url), Store(sqlite_url)
    added = first.add_many(with_crop)
    assert all(files_with(face) for face in with_crop)
    assert second.get(added[0].id).subject == "somebody-0"
    first.delete(added[3].id)
    second.delete_subject("somebody-7")
    gone = [with_crop[3], with_crop[7]]
    assert [files_with(face) for face in gone] == [[], []]
    assert all(files_with(face) for face in with_crop if face not in gone)
    first.close()
    second.close()
    assert [files_with(face) for face in gone] == [[], []]


def test_what_a_reader_holds_in_the_log_goes_when_it_is_done(
    tmp_path: Path, sqlite_url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gallery.store.database._SECONDS", 0.2)
    monkeypatch.setattr("gallery.store.dialects._PATIENCE_MS", 50)
    store, face = Store(sqlite_url), new(1)
    id = store.add(face).id

    def files() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir())

    with closing(sqlite3.connect(tmp_path / "gallery.db")) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM faces").fetchall() == [(1,)]
        assert store.delete(id).deleted == 1
        assert face.embedding.tobytes() in files()
        assert "somebody reads an older state" in caplog.text
        # Others can write meanwhile.
        store.add(new(2))
    wait_until(lambda: face.embedding.tobytes() not in files(), 20)
    store.close()


@pytest.mark.skipif(sys.platform != "linux", reason="what a disk without room does is played by a limit of Linux")
def test_where_there_is_no_room_to_empty_the_log_it_is_emptied_later(
    tmp_path: Path, sqlite_url: str, new: MakeFace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gallery.store.database._SECONDS", 0.2)
    store, face = Store(sqlite_url), new(1)
    id = store.add(face).id
    scrub, limits = store.database.scrub, resource.getrlimit(resource.RLIMIT_FSIZE)

    def files() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir())

    def without_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            scrub()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    monkeypatch.setattr(store.database, "scrub", without_room)
    assert store.delete(id).deleted == 1
    assert "no room to empty" in caplog.text
    with pytest.raises(NotFound):
        store.get(id)
    assert face.embedding.tobytes() in files()
    wait_until(lambda: face.embedding.tobytes() not in files())
    store.close()


def test_every_sqlite_connection_is_durable_and_forgets(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    with store.database._engine.connect() as one, store.database._engine.connect() as two:
        for connection in (one, two):
            pragmas = ("journal_mode", "synchronous", "secure_delete")
            values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
            assert values == ["wal", 2, 1]
    store.close()


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        Store(f"sqlite:///{tmp_path}")


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'a' / 'b' / 'gallery.db'}")
    assert store.sequence() == 0
    store.close()
