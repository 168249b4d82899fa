"""A database that stands still is told of in time, and keeps nobody waiting who comes later."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from gallery.records import NewFace
from gallery.store.store import Store
from gallery.store.time_limit import ANSWER_SECONDS, LOCK_SECONDS, SILENT_SECONDS, limited
from model.errors import Unavailable
from tests.gallery import postgres
from tests.processes import wait_until

MakeFace = Callable[..., NewFace]


@contextmanager
def taking(least: float, most: float) -> Iterator[None]:
    """What happens inside takes so many seconds."""
    began = time.monotonic()
    yield
    assert least <= time.monotonic() - began <= most


def answers(store: Store) -> bool:
    try:
        store.sequence()
    except Unavailable:
        return False
    return True


def outcome(store: Store, seconds: float) -> tuple[type[Exception] | None, float]:
    began = time.monotonic()
    try:
        with limited(seconds):
            store.find([])
    except Unavailable as error:
        return type(error), time.monotonic() - began
    return None, time.monotonic() - began


def test_who_waits_for_a_server_that_stands_still_is_told_in_time(postgres_server: Path, new: MakeFace) -> None:
    with closing(Store(postgres.database(postgres_server))) as store:
        store.add(new(1))
        with ThreadPoolExecutor(12) as threads:
            # Each thread has a connection of its own by then.
            assert [kind for kind, _ in threads.map(lambda _: outcome(store, 30.0), range(12))] == [None] * 12
            with postgres.standing_still(postgres_server):
                waited = list(threads.map(lambda _: outcome(store, 1.0), range(40)))
                assert {kind for kind, _ in waited} == {Unavailable}
                # To connect anew may take the time of an answer, before it is noticed that there is none.
                assert max(seconds for _, seconds in waited) < ANSWER_SECONDS + 1.5
                # Not only those who were there waited: nobody waits again for what did not answer.
                assert sum(seconds > 0.5 for _, seconds in waited) <= 12
                time.sleep(SILENT_SECONDS)
                tries = list(threads.map(lambda _: outcome(store, 1.0), range(12)))
                assert {kind for kind, _ in tries} == {Unavailable}
                assert sum(seconds > 0.5 for _, seconds in tries) <= 1
                with taking(0.0, 1.0), pytest.raises(Unavailable, match="does not answer"), limited(1.0):
                    store.add(new(2))
        wait_until(lambda: answers(store), 10)
        assert store.add(new(3)).subject == "ada"
        assert store.sequence() == 2


def test_a_new_connection_to_it_is_given_up(postgres_server: Path) -> None:
    url = postgres.database(postgres_server)
    with closing(Store(url)) as store:
        store.database._engine.dispose()
        with postgres.standing_still(postgres_server), taking(1.0, 6.0), pytest.raises(Unavailable):
            store.sequence()
        wait_until(lambda: answers(store), 10)


def test_a_lock_of_others_is_no_silence(url: str, new: MakeFace) -> None:
    other = create_engine(url)
    with closing(Store(url)) as store:
        with other.connect() as connection:
            connection.exec_driver_sql("UPDATE counter SET sequence = sequence")
            with taking(LOCK_SECONDS - 0.5, LOCK_SECONDS + 2.5), pytest.raises(Unavailable):
                store.add(new(1))
            with taking(0.0, 0.5):
                assert store.sequence() == 0
        assert store.add(new(1)).sequence == 1
    other.dispose()


SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e9) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


def test_a_statement_that_takes_too_long_ends_and_the_next_goes_on(url: str) -> None:
    slow = SLOW[url.partition("+")[0].partition(":")[0]]
    with closing(Store(url)) as store:
        database = store.database
        with taking(0.3, 2.0), pytest.raises(Unavailable), database.transaction(0.5) as connection:
            connection.execute(text(slow))
        wait_until(lambda: answers(store), 3)
        with limited(0.5), taking(0.3, 2.0), pytest.raises(Unavailable), database.cursor() as cursor:
            cursor.execute(slow)
        wait_until(lambda: answers(store), 3)


def test_a_slow_statement_among_quick_ones_shuts_nobody_out(url: str) -> None:
    slow = SLOW[url.partition("+")[0].partition(":")[0]]

    def crawl() -> None:
        with pytest.raises(Unavailable), store.database.transaction(1.0) as connection:
            connection.execute(text(slow))

    with closing(Store(url)) as store, ThreadPoolExecutor(1) as thread:
        crawling = thread.submit(crawl)
        while not crawling.done():
            assert answers(store)
        crawling.result()
        assert answers(store)


def test_the_server_itself_ends_what_nobody_waits_for(postgres_server: Path) -> None:
    with closing(Store(postgres.database(postgres_server))) as store:
        for seconds, expected in ((3.0, ["2min", "2500ms"]), (None, ["0", "0"])):
            with store.database.transaction(seconds) as connection:
                shown = [
                    connection.exec_driver_sql(f"SHOW {name}_timeout").scalar_one() for name in ("statement", "lock")
                ]
            assert shown == expected


def test_options_of_the_url_stay(postgres_server: Path) -> None:
    url = postgres.database(postgres_server) + "&options=-c%20work_mem%3D5MB%20-c%20lock_timeout%3D7s"
    with closing(Store(url)) as store, store.database.transaction() as connection:
        assert connection.exec_driver_sql("SHOW work_mem").scalar_one() == "5MB"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "7s"
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "2min"
