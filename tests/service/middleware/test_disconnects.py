import asyncio
import threading
import time

import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from service.middleware.disconnects import LOOK_SECONDS, DisconnectMiddleware

SCOPE: Scope = {"type": "http"}
BODY = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}]
GONE = {"type": "http.disconnect"}


class Caller:
    """Sends a body and, when it is told to, hangs up."""

    def __init__(self) -> None:
        self._body: list[Message] = list(BODY)
        self.hung_up = asyncio.Event()
        self.heard: list[Message] = []

    async def receive(self) -> Message:
        if self._body:
            return self._body.pop(0)
        await self.hung_up.wait()
        return GONE

    async def send(self, message: Message) -> None:
        self.heard.append(message)


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message.get("more_body", False)
    return body


def test_who_stays_is_answered() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": scope["type"], "body": await _body(receive)})

    async def scenario() -> None:
        caller = Caller()
        await DisconnectMiddleware(app)(SCOPE, caller.receive, caller.send)
        assert caller.heard == [{"type": "http", "body": b"ab"}]

    asyncio.run(scenario())


def test_who_hangs_up_cancels_the_answer() -> None:
    ended: list[bool] = []

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        await _body(receive)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(True)
            raise

    async def scenario() -> None:
        caller = Caller()
        answering = asyncio.create_task(DisconnectMiddleware(app)(SCOPE, caller.receive, caller.send))
        await asyncio.sleep(0.05)
        assert ended == []
        caller.hung_up.set()
        await asyncio.wait_for(answering, 1)
        assert ended == [True]

    asyncio.run(scenario())


def test_the_application_may_listen_for_the_end_itself() -> None:
    heard: list[Message] = []

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        await _body(receive)
        try:
            heard.append(await receive())
        except asyncio.CancelledError:
            heard.append(await receive())
            raise

    async def scenario() -> None:
        caller = Caller()
        caller.hung_up.set()
        await asyncio.wait_for(DisconnectMiddleware(app)(SCOPE, caller.receive, caller.send), 1)

    asyncio.run(scenario())
    assert heard == [GONE]


def test_what_ends_the_service_is_no_caller_who_left() -> None:
    async def app(_: Scope, receive: Receive, __: Send) -> None:
        await _body(receive)
        await asyncio.sleep(60)

    async def scenario() -> None:
        caller = Caller()
        answering = asyncio.create_task(DisconnectMiddleware(app)(SCOPE, caller.receive, caller.send))
        await asyncio.sleep(2 * LOOK_SECONDS)
        answering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await answering

    asyncio.run(scenario())


def test_nobody_is_watched_who_is_answered_at_once() -> None:
    async def app(_: Scope, receive: Receive, __: Send) -> None:
        await _body(receive)

    async def scenario() -> set[asyncio.Task[None]]:
        before = asyncio.all_tasks()
        caller = Caller()
        await DisconnectMiddleware(app)(SCOPE, caller.receive, caller.send)
        await asyncio.sleep(2 * LOOK_SECONDS)
        return asyncio.all_tasks() - before

    assert asyncio.run(scenario()) == set()


def test_the_threads_of_callers_who_left_count_until_they_end() -> None:
    lock, running, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(1.0)
        with lock:
            running -= 1

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        await _body(receive)
        await run_in_threadpool(work)

    async def scenario() -> None:
        current_default_thread_limiter().total_tokens = 2
        for _ in range(3):
            callers = [Caller() for _ in range(3)]
            for caller in callers:
                answering.append(asyncio.create_task(DisconnectMiddleware(app)(SCOPE, caller.receive, caller.send)))
            await asyncio.sleep(1.2 * LOOK_SECONDS)
            for caller in callers:
                caller.hung_up.set()
        await asyncio.gather(*answering)

    answering: list[asyncio.Task[None]] = []
    asyncio.run(scenario())
    assert most == 2


def test_a_failure_is_passed_on() -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        raise ValueError("broken")

    async def scenario() -> None:
        caller = Caller()
        await DisconnectMiddleware(app)(SCOPE, caller.receive, caller.send)

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(scenario())
