"""Runs the calls of tasks on one service: those of a task that Celery gives, and of more that wait in the queue."""

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from inspect import signature
from typing import Any, Protocol

from celery.exceptions import Reject
from opentelemetry.trace import SpanKind
from redis import Redis

from model.errors import FacetError
from worker.queue.codec import BEFORE, pack, pack_answers, unpack
from worker.queue.heartbeat import new_worker_id
from worker.queue.tasks.answers import Answers, Result
from worker.queue.tasks.claims import Begun, Claims
from worker.queue.tasks.messages import Message, WaitingMessages
from worker.stage_timing import STAGE_SECONDS, span
from worker.trace_context import Carrier, continued

BATCH = 64
"""Things that one thread takes out of the queue at a time, unless it is said otherwise."""

_BACK_SECONDS = 0.2
"""Waited before each message that a broken worker puts back, so that it does not take all of them in turn."""

logger = logging.getLogger("facet.worker")


class Service(Protocol):
    """What answers the calls of a queue, by methods of their names."""

    async def start(self) -> None:
        """Load what is needed; after it the other calls answer."""

    async def close(self) -> None:
        """Finish what is running and refuse the rest."""

    async def info(self) -> object:
        """What it says of itself to those who ask the queue."""

    def broken(self) -> bool:
        """Whether it fails at everything until the process starts anew."""


class Runner:
    """Runs the calls of tasks on one service, whose event loop has a thread of its own.

    Any number of threads may run tasks; what they ask for at the same moment shares an inference's batches. Each thread
    takes as many things as one batch holds, in whatever tasks they wait.
    """

    def __init__(self, service: Service, redis: Redis, batch: int = BATCH) -> None:
        self.id = new_worker_id(b"")
        self._service = service
        self._batch = batch
        self._waiting = WaitingMessages(redis)
        self._claims = Claims(redis)
        self._answered = Answers(redis)
        self.about = b""
        """What the service says of itself, packed as every process reads it, also of the version before."""
        self.on_broken: Callable[[], None] = lambda: None
        """Called when the service turns out to be broken, perhaps several times."""
        self._alone = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="service", daemon=True)

    def start(self) -> object:
        """Start the service; gives what it says of itself. Raises what its `start` raises."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._service.start(), self._loop).result()
        info = asyncio.run_coroutine_threadsafe(self._service.info(), self._loop).result()
        self.about = pack(info, BEFORE)
        self.id = new_worker_id(self.about)
        return info

    def close(self) -> None:
        """Finish what is running."""
        asyncio.run_coroutine_threadsafe(self._service.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._answered.close()

    def run(self, message: Message, queues: Sequence[str] = ()) -> None:
        """Answer the calls of a task, and of more that wait in some queues as far as they fit into a batch with it.

        Returns when all are stored. A task without a payload was cancelled, one that another worker has begun was sent
        twice, and both are dropped, as is one that is not done in time. A task that has crashed a worker runs alone:
        never together with another of its kind, which would otherwise share its fate.

        A broken service answers nothing: what it had begun counts as lost with its worker, and is sent to another by
        whoever asked; for what it has not, Reject is raised, which puts it back. Raises RedisError.
        """
        if self._service.broken():
            self.on_broken()
            time.sleep(_BACK_SECONDS)
            raise Reject("the service is broken", requeue=True)
        if message.alone:
            self._claims.receive(self.id, message)
            with self._alone:
                # Answered before the next may begin: should that end the worker, this task is not to blame.
                self._finish([message])
        else:
            self._finish([message, *self._waiting.take(queues, self._batch - message.size)])

    def _finish(self, messages: Sequence[Message]) -> None:
        begun = self._claims.begin(self.id, messages)
        for task in begun:
            if task.message.lifetime is not None:
                # By the clock of Redis alone, so that those of the hosts may differ.
                STAGE_SECONDS.labels("broker").observe(max(task.message.lifetime - task.left, 0) / 1000)
        if begun:
            asyncio.run_coroutine_threadsafe(self._run_all(begun), self._loop).result()
        if self._service.broken():
            self.on_broken()

    async def _run_all(self, begun: Sequence[Begun]) -> None:
        await asyncio.gather(*(self._run(*each) for each in begun))

    async def _run(self, message: Message, payload: bytes, left: int) -> None:
        result: Result | None = None
        try:
            async with asyncio.timeout(left / 1000):
                result = Result(await self._answers(message, payload))
        except TimeoutError:
            logger.info("a task was given up as too late")
        except Exception:  # the task's own failure must not become that of the tasks beside it
            logger.exception("a task of %s failed", message.method)
            result = Result("the log of the worker says what failed", "FAILURE")
        if not self._service.broken():
            await self._answered.store(message, result)

    async def _answers(self, message: Message, payload: bytes) -> bytes:
        calls = unpack(payload)
        answers = map(self._answer, itertools.repeat(message.method), calls, message.contexts or [{}] * len(calls))
        # One alone needs no task of the event loop beside the one that this is.
        found = [await each for each in answers] if len(calls) == 1 else await asyncio.gather(*answers)
        return pack_answers(found, message.version)

    async def _answer(self, method: str, call: bytes, context: Carrier) -> Any:
        begun = time.monotonic()
        with continued(context), span(method, SpanKind.CONSUMER):
            try:
                known = _parameters(type(self._service), method)
                arguments = {name: value for name, value in unpack(call).items() if name in known}
                return await getattr(self._service, method)(**arguments)
            except FacetError as error:
                return error
            except Exception:  # the call's own failure must not become that of the calls beside it
                logger.exception("a call of %s failed", method)
                return FacetError("Something failed inside a worker; its log says what.")
            finally:
                seconds = round(time.monotonic() - begun, 4)
                logger.info("%s took %g s", method, seconds, extra={"method": method, "seconds": seconds})


@cache
def _parameters(service: type, method: str) -> frozenset[str]:
    """The names of what a call takes; a later version may send more."""
    return frozenset(signature(getattr(service, method)).parameters)
