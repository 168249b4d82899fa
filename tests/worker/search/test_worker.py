"""Galleries that search in this process and in workers: the same answers."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import Any

import anyio
import anyio.to_thread
import numpy as np
import pytest

from gallery.gallery import Gallery
from gallery.query import Query, Results, Term
from gallery.records import Amendment, NewFace
from model.attributes import EMBEDDING_SIZE, Attribute, Vector, normalized, part
from model.errors import InvalidRequest, Unavailable
from tests.processes import SEARCH_WORKER, RedisServer, redis_server, worker_process
from worker.queue.client import QueueClient, no_worker
from worker.search import worker
from worker.search.remote import RemoteGallery
from worker.search.worker import SearchService

LIMITS: dict[str, Any] = {"timeout": 20.0, "max_batch": 64, "max_queue": 256}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gallery")


@pytest.fixture(scope="module")
def url(place: Path) -> str:
    return f"sqlite:///{place / 'facet.db'}"


@pytest.fixture(scope="module")
def workers(redis: RedisServer, place: Path) -> Iterator[list[Popen[bytes]]]:
    """Two search workers over the database."""
    environment = {"FACET_DATA_DIR": str(place)}
    with (
        worker_process(redis, place, SEARCH_WORKER, environment) as one,
        worker_process(redis, place, SEARCH_WORKER, environment) as other,
    ):
        yield [one, other]


@pytest.fixture
def remote(redis: RedisServer, url: str, workers: list[Popen[bytes]]) -> Iterator[RemoteGallery]:
    assert redis.workers() == len(workers)
    with closing(RemoteGallery(url, redis.url, **LIMITS)) as gallery:
        yield gallery


@pytest.fixture
def local(url: str) -> Iterator[Gallery]:
    with closing(Gallery(url)) as gallery:
        yield gallery


def embedding(seed: int) -> Vector:
    return normalized(np.clip(np.random.default_rng(seed).standard_normal(EMBEDDING_SIZE), -np.pi, np.pi))


def face(seed: int, **fields: Any) -> NewFace:
    return NewFace(f"s{seed % 7}", embedding(seed), "m1", metadata={"even": seed % 2 == 0}, **fields)


def asking(seed: int, *attributes: Attribute, **fields: Any) -> Query:
    terms = tuple(Term(attribute, part(embedding(seed), attribute)) for attribute in attributes or Attribute)
    return Query(terms, reference=embedding(seed), **fields)


def told(results: Results) -> list[Any]:
    """All that an answer says, comparable to the last bit."""
    return [
        results.searched,
        [
            (vars(match.face) | {"embedding": match.face.embedding.tobytes()}, match.similarity, match.distance)
            for match in results.matches
        ],
        [match.similarities for match in results.matches],
    ]


def test_both_ways_of_searching_give_the_same(remote: RemoteGallery, local: Gallery) -> None:
    remote.enrol_many([face(seed, collection="same") for seed in range(60)])
    queries = [
        asking(1, collection="same"),
        asking(2, Attribute.IDENTITY, collection="same", k=200),
        asking(3, Attribute.POSE, collection="same", max_degrees=60.0),
        asking(4, collection="same", metadata={"even": True}, min_similarity=0.0),
        asking(5, collection="same", group_by="subject"),
        asking(6, collection="nobody"),
    ]
    for ours, theirs in zip(remote.search_many(queries), local.search_many(queries), strict=True):
        assert told(ours) == told(theirs)
    assert told(remote.search(queries[0])) == told(local.search(queries[0]))
    assert remote.census() == local.census()
    assert remote.search_many([]) == []


def test_a_search_is_dropped_when_its_caller_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dropped = threading.Event()

    async def unanswered(_: QueueClient, method: str, size: int, arguments: dict[str, Any]) -> None:
        assert (method, size, len(arguments["queries"])) == ("search", 1, 1)
        try:
            await asyncio.sleep(30)
        finally:
            dropped.set()

    async def leave(gallery: RemoteGallery) -> None:
        with anyio.move_on_after(0.1) as patience:
            await anyio.to_thread.run_sync(gallery.search_many, [asking(1)])
        assert patience.cancelled_caught

    monkeypatch.setattr(QueueClient, "ask", unanswered)
    with (
        redis_server(tmp_path) as redis,
        closing(RemoteGallery(f"sqlite:///{tmp_path / 'facet.db'}", redis.url, **LIMITS)) as gallery,
    ):
        begun = time.monotonic()
        anyio.run(leave, gallery)
        assert time.monotonic() - begun < 5
        assert dropped.wait(1)


def test_domain_errors_come_back_as_themselves(remote: RemoteGallery) -> None:
    remote.enrol_many([face(1, collection="mixed"), replace(face(2, collection="mixed"), model="m2")])
    with pytest.raises(InvalidRequest, match="several models"):
        remote.search(asking(1, collection="mixed"))


def test_whoever_answers_knows_every_write_before(remote: RemoteGallery) -> None:
    for seed in range(12):
        enrolled = remote.enrol(face(seed, collection="fresh"))
        assert remote.search(asking(seed, collection="fresh", k=1)).matches[0].face.id == enrolled.id
        if seed % 3 == 0:
            remote.change(enrolled.id, Amendment(subject="renamed"))
            assert remote.search(asking(seed, collection="fresh", k=1)).matches[0].face.subject == "renamed"
        remote.delete(enrolled.id)
        assert remote.search(asking(seed, collection="fresh")).matches == []


def test_two_workers_share_the_questions_and_agree(remote: RemoteGallery, redis: RedisServer) -> None:
    remote.enrol_many([face(seed, collection="shared") for seed in range(20)])
    query = asking(3, collection="shared")
    expected = told(remote.search(query))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: told(remote.search(query)), range(80)))
    assert all(answer == expected for answer in answers)
    assert redis.workers() == 2


def test_without_a_worker_a_search_says_so_and_writes_go_on(tmp_path: Path) -> None:
    with (
        redis_server(tmp_path) as own,
        closing(RemoteGallery(f"sqlite:///{tmp_path / 'facet.db'}", own.url, **LIMITS)) as gallery,
    ):
        enrolled = gallery.enrol(face(1))
        assert gallery.get(enrolled.id).subject == "s1"
        with pytest.raises(Unavailable, match=no_worker("search")):
            gallery.search(asking(1))
        with pytest.raises(Unavailable, match=no_worker("search")):
            gallery.census()


def test_a_state_that_the_database_has_not_reached_is_waited_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        service = SearchService(lambda: Gallery(url))
        await service.start()
        latest = (await service.info())["sequence"]
        with closing(Gallery(url)) as writer:
            query = asking(1, collection="late")
            early = asyncio.create_task(service.search([query], latest + 1))
            await asyncio.sleep(0.1)
            assert not early.done()
            await asyncio.to_thread(writer.enrol, face(1, collection="late"))
            [answer] = await early
            assert answer.searched == 1
            with pytest.raises(Unavailable, match="lags behind"):
                await service.search([query], latest + 2)
        await service.close()
        with pytest.raises(Unavailable, match="stopping"):
            await service.census(0)

    monkeypatch.setattr(worker, "PATIENCE_SECONDS", 0.3)
    asyncio.run(scenario())


def test_the_replica_follows_while_nobody_asks(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    followed = threading.Event()

    class Watched(Gallery):
        def follow(self) -> None:
            super().follow()
            if len(self._index) > before:
                followed.set()

    async def scenario() -> None:
        service = SearchService(lambda: Watched(url))
        await service.start()
        with closing(Gallery(url)) as writer:
            await asyncio.to_thread(writer.enrol, face(1, collection="unasked"))
        assert await asyncio.to_thread(followed.wait, 10)
        await service.close()

    with closing(Gallery(url)) as gallery:
        before = sum(gallery.census().values())
    monkeypatch.setattr(worker, "FOLLOW_SECONDS", 0.01)
    asyncio.run(scenario())


def test_the_other_of_two_workers_goes_on_alone(remote: RemoteGallery, workers: list[Popen[bytes]]) -> None:
    """The last of the file: it leaves one worker."""
    enrolled = remote.enrol(face(1, collection="alone"))
    workers[0].kill()
    workers[0].wait()
    query = asking(1, collection="alone")
    assert [remote.search(query).matches[0].face.id for _ in range(5)] == [enrolled.id] * 5
