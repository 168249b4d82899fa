"""The Celery tasks of a worker, which run the calls of API processes on one service."""

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import nullcontext
from functools import cache, partial
from inspect import signature
from typing import Any, Protocol

from celery import Celery, Task
from celery.exceptions import Ignore, Reject
from celery.states import SUCCESS
from opentelemetry.trace import SpanKind
from redis import Redis

from model.errors import FacetError
from worker.queue.celery_app import TASK_PREFIX
from worker.queue.codec import VERSION, pack_answers, unpack
from worker.queue.heartbeat import new_worker_id
from worker.queue.redis_keys import CLAIM_SECONDS, claim_key, payload_key
from worker.queue.trace_context import Carrier, continued
from worker.queue_names import INFERENCE_QUEUE, JOBS_QUEUE, SEARCH_QUEUE
from worker.stage_timing import STAGE_SECONDS, span

METHODS = {
    INFERENCE_QUEUE: ("embed", "reconstruct", "edit", "generate", "stimuli", "verify"),
    SEARCH_QUEUE: ("search", "census"),
    JOBS_QUEUE: (),  # jobs come by their table in the database, which outlives Redis
}
"""The calls that a worker of each queue answers; each is a task."""

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

    Any number of threads may run tasks; what they ask for at the same moment shares an inference's batches.
    """

    def __init__(self, service: Service, redis: Redis) -> None:
        self.id = new_worker_id()
        self._service = service
        self._redis = redis
        self.on_broken: Callable[[], None] = lambda: None
        """Called when the service turns out to be broken, perhaps several times."""
        self._alone = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="service", daemon=True)

    def start(self) -> object:
        """Start the service; gives what it says of itself. Raises what its `start` raises."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._service.start(), self._loop).result()
        return asyncio.run_coroutine_threadsafe(self._service.info(), self._loop).result()

    def close(self) -> None:
        """Finish what is running."""
        asyncio.run_coroutine_threadsafe(self._service.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(
        self,
        task_id: str,
        method: str,
        *,
        store_alone: Callable[[bytes], None] | None = None,
        lifetime: int | None = None,
        contexts: Sequence[Carrier] = (),
        version: int = VERSION,
    ) -> bytes:
        """The packed answers to the calls of a task, in order.

        A task that has crashed a worker runs alone: never together with another of its kind, which would otherwise
        share its fate. It has a `store_alone`, which is given the answers. `lifetime` is what the payload had when it
        was sent, in milliseconds, `contexts` are those of the calls, and `version` is what the asking process reads.
        Raises Ignore for a task that was cancelled, is too late, or is stored.

        A broken service answers nothing: what it had begun counts as lost with its worker, and is sent to another by
        whoever asked; for what it has not, Reject is raised, which puts it back.
        """
        if self._service.broken():
            self.on_broken()
            time.sleep(_BACK_SECONDS)
            raise Reject("the service is broken", requeue=True)
        with self._alone if store_alone else nullcontext():
            with self._redis.pipeline() as pipe:
                pipe.get(payload_key(task_id))
                pipe.pttl(payload_key(task_id))
                pipe.set(claim_key(task_id), self.id, ex=CLAIM_SECONDS)
                payload, left, _ = pipe.execute()
            if payload is None:
                raise Ignore
            if lifetime is not None:
                # By the clock of Redis alone, so that those of the hosts may differ.
                STAGE_SECONDS.labels("broker").observe(max(lifetime - left, 0) / 1000)
            running = asyncio.run_coroutine_threadsafe(self._answers(method, payload, contexts, version), self._loop)
            answers = _within(running, left / 1000)
            if self._service.broken():
                self.on_broken()
                raise Ignore
            if store_alone:
                # Before the next may begin: should that end the worker, this task is answered and not to blame.
                store_alone(answers)
                self._redis.delete(claim_key(task_id))
                raise Ignore
            return answers

    async def _answers(self, method: str, payload: bytes, contexts: Sequence[Carrier], version: int) -> bytes:
        calls = unpack(payload)
        answers = map(self._answer, itertools.repeat(method), calls, contexts or [{}] * len(calls))
        return pack_answers(await asyncio.gather(*answers), version)

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


def _within(running: Future[bytes], seconds: float) -> bytes:
    """The result of what runs; when it comes too late it is given up with Ignore."""
    try:
        return running.result(seconds)
    except FutureTimeout as error:
        running.cancel()
        raise Ignore from error


def register(celery: Celery, queue: str, runner: Runner) -> None:
    """Make each call of a queue a task of a worker."""
    for method in METHODS[queue]:
        celery.task(name=TASK_PREFIX + method, bind=True)(_task(runner, method))


def _task(runner: Runner, method: str) -> Any:
    def task(self: Task, alone: bool) -> bytes:
        request = self.request
        store = partial(self.backend.store_result, request.id, state=SUCCESS) if alone else None
        return runner.run(
            request.id,
            method,
            store_alone=store,
            lifetime=request.get("lifetime"),
            contexts=request.get("contexts") or (),
            # The first did not say it.
            version=request.get("version") or 1,
        )

    return task
