"""The tasks of a worker: calls of many API processes, run on one inference."""

import asyncio
import logging
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import nullcontext
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore
from redis import Redis

from model.errors import FacetError
from worker.celery_app import TASK_PREFIX
from worker.heartbeat import new_worker_id
from worker.inference import Inference
from worker.keys import CLAIM_SECONDS, claim_key, payload_key
from worker.wire import pack, unpack

METHODS = ("embed", "reconstruct", "edit", "generate", "verify")
"""The calls of `Inference` that a worker answers; each is a task."""

logger = logging.getLogger("facet.worker")


class Runner:
    """Runs the calls of tasks on one inference, whose event loop has a thread of its own.

    Any number of threads may run tasks; what they ask for at the same moment shares the inference's batches.
    """

    def __init__(self, inference: Inference, redis: Redis) -> None:
        self.id = new_worker_id()
        self._inference = inference
        self._redis = redis
        self._alone = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="inference", daemon=True)

    def start(self) -> bytes:
        """Load the model; gives what it says of itself, packed. Raises what `Inference.start` raises."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._inference.start(), self._loop).result()
        return pack(asyncio.run_coroutine_threadsafe(self._inference.info(), self._loop).result())

    def close(self) -> None:
        """Finish what is running."""
        asyncio.run_coroutine_threadsafe(self._inference.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, task_id: str, method: str, alone: bool) -> bytes:
        """The packed answers to the calls of a task, in order.

        A task that has crashed a worker runs `alone`: never together with another of its kind, which would otherwise
        share its fate. Raises Ignore for a task that was cancelled or is too late.
        """
        with self._alone if alone else nullcontext():
            with self._redis.pipeline() as pipe:
                pipe.get(payload_key(task_id))
                pipe.pttl(payload_key(task_id))
                pipe.set(claim_key(task_id), self.id, ex=CLAIM_SECONDS)
                payload, left, _ = pipe.execute()
            if payload is None:
                raise Ignore
            running = asyncio.run_coroutine_threadsafe(self._answers(method, payload), self._loop)
            answers = _within(running, left / 1000)
            if alone:
                # Before the next may begin: should that end the worker while Celery still stores these answers, this
                # task is not to blame, and its message, not yet acknowledged, goes to another worker.
                self._redis.delete(claim_key(task_id))
            return answers

    async def _answers(self, method: str, payload: bytes) -> bytes:
        return pack(await asyncio.gather(*(self._answer(method, call) for call in unpack(payload))))

    async def _answer(self, method: str, call: bytes) -> Any:
        try:
            return await getattr(self._inference, method)(**unpack(call))
        except FacetError as error:
            return error
        except Exception:  # the call's own failure must not become that of the calls beside it
            logger.exception("a call of %s failed", method)
            return FacetError("Something failed inside a worker; its log says what.")


def _within(running: Future[bytes], seconds: float) -> bytes:
    """The result of what runs; when it comes too late it is given up with Ignore."""
    try:
        return running.result(seconds)
    except FutureTimeout as error:
        running.cancel()
        raise Ignore from error


def register(celery: Celery, runner: Runner) -> None:
    """Make each method of inference a task of a worker."""
    for method in METHODS:
        celery.task(name=TASK_PREFIX + method, bind=True)(_task(runner, method))


def _task(runner: Runner, method: str) -> Any:
    def task(self: Task, alone: bool) -> bytes:
        return runner.run(self.request.id, method, alone)

    return task
