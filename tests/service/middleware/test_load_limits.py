"""How long a body may take, how many requests may be under way, and how much they may hold."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from model.errors import Busy, TooSlow
from service.middleware.load_limits import LoadLimitMiddleware
from tests.processes import wait_until
from tests.service.asking import assert_problem
from tests.service.serving import dummy_app, serving

MEGABYTE = 2**20


async def _reader(_: Scope, receive: Receive, __: Send) -> None:
    while (await receive()).get("more_body", False):
        pass


async def _never_sent(_: Message) -> None:
    raise AssertionError("nothing is answered")


def scope_of(path: str) -> Scope:
    return {"type": "http", "path": path, "headers": []}


def dripping(sizes: Sequence[int], pause: float) -> Receive:
    """A caller who sends pieces of some sizes, each after a pause."""

    async def pieces() -> AsyncIterator[Message]:
        for number, size in enumerate(sizes, 1):
            await asyncio.sleep(pause)
            yield {"type": "http.request", "body": bytes(size), "more_body": number < len(sizes)}

    return pieces().__anext__


def read(path: str, sizes: Sequence[int]) -> None:
    """Read a body whose pieces come every quarter of a second, where a body has one."""

    async def scenario() -> None:
        limited = LoadLimitMiddleware(_reader, body_seconds=1.0, concurrent=8, held_bytes=2**30)
        await limited(scope_of(path), dripping(sizes, 0.25), _never_sent)

    asyncio.run(scenario())


def test_a_body_has_its_time_as_a_whole() -> None:
    read("/embed", [MEGABYTE] * 2)
    with pytest.raises(TooSlow):
        read("/embed", [MEGABYTE] * 6)


def test_an_archive_may_take_as_long_as_its_megabytes_keep_coming() -> None:
    read("/jobs/import", [MEGABYTE] * 6)
    with pytest.raises(TooSlow):
        read("/jobs/import", [1000] * 6)


def test_bodies_together_hold_no_more_than_their_bytes() -> None:
    async def scenario() -> None:
        may_go = asyncio.Event()

        async def holding(scope: Scope, receive: Receive, send: Send) -> None:
            await _reader(scope, receive, send)
            await may_go.wait()

        limited = LoadLimitMiddleware(holding, body_seconds=5, concurrent=8, held_bytes=100)
        first = asyncio.create_task(limited(scope_of("/embed"), dripping([30, 30], 0), _never_sent))
        await asyncio.sleep(0.05)
        with pytest.raises(Busy):
            await limited(scope_of("/embed"), dripping([30, 30], 0), _never_sent)
        # What was refused holds nothing, and an archive goes to the disk.
        may_go.set()
        await limited(scope_of("/embed"), dripping([20, 20], 0), _never_sent)
        await limited(scope_of("/jobs/import"), dripping([1000], 0), _never_sent)
        await first
        await limited(scope_of("/embed"), dripping([50, 50], 0), _never_sent)

    asyncio.run(scenario())


def test_bodies_that_are_too_much_together_are_asked_to_come_back(tmp_path: Path, ada: bytes) -> None:
    with serving(dummy_app(tmp_path, max_held_bytes=1, max_body_bytes=len(ada) + 50)) as client:
        headers = {"Content-Type": "image/jpeg"}
        assert client.post("/embed", content=ada, headers=headers).status_code == 200
        answer = client.post("/embed", content=ada + bytes(100), headers=headers)
        assert_problem(answer, 503, "busy")
        assert answer.headers["Retry-After"] == "1"


def test_who_follows_jobs_leaves_room_for_others(tmp_path: Path) -> None:
    with serving(dummy_app(tmp_path, runs_jobs=False, max_concurrent=4)) as client:
        events = f"/jobs/{client.post('/collections/default/groups').json()['id']}/events"

        def follows() -> bool:
            with client.stream("GET", events) as answer:
                return answer.status_code == 200

        with client.stream("GET", events) as followed:
            parts = followed.iter_raw()  # kept: the connection ends with it
            assert next(parts).startswith(b"event: progress")
            assert_problem(client.get(events), 503, "busy")
            assert client.get("/model").status_code == 200
        wait_until(follows)
