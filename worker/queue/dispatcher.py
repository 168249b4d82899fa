"""Sends calls to workers as Celery tasks, hands out their answers, and sends again what was lost."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from opentelemetry.trace import SpanKind
from redis.asyncio import Redis
from redis.exceptions import RedisError

from model.errors import CrashedWorker, FacetError, Unavailable
from worker.queue.call_queue import Call, CallQueue
from worker.queue.celery_app import TASK_PREFIX
from worker.queue.codec import BEFORE, VERSION, pack, unpack_answers
from worker.queue.loss_detection import Loss, LossDetection
from worker.queue.payload_budget import PayloadBudget
from worker.queue.redis_keys import (
    BEAT_SECONDS,
    CLAIM_SECONDS,
    claim_key,
    claims_key,
    number_of,
    payload_key,
    result_key,
)
from worker.queue.results import ResultChannel
from worker.queue.worker_registry import WorkerRegistry
from worker.stage_timing import span
from worker.trace_context import carrier

CLEARED_TOGETHER = 64
"""Answered tasks whose keys are deleted by one command, or those of a second."""

logger = logging.getLogger("facet.client")


@dataclass(eq=False)
class _Task:
    """Calls of one method that travel together."""

    id: str
    calls: Sequence[Call]
    alone: bool
    result: asyncio.Future[bytes]
    sent: float
    lifetime: int
    """Milliseconds until its payload expires."""
    queued: int = 0
    """A moment before it is in its queue, in microseconds by the clock of Redis."""
    enqueued: bool = False
    """Whether it is there, or was."""

    @property
    def queue(self) -> str:
        """Of the workers who may answer it."""
        return self.calls[0].queue

    @property
    def size(self) -> int:
        """Things that it asks for; a call for nothing is some work too."""
        return max(sum(call.size for call in self.calls), 1)


class Dispatcher:
    """Puts the calls that wait at the same moment into one task, and gives each call its part of the task's answers.

    The calls of a task whose worker was lost are sent again, each in a task of its own; a call that loses two workers
    is refused. docs/running/queue.md has the order of the messages.
    """

    def __init__(
        self, celery: Celery, redis: Redis, registry: WorkerRegistry, queue: str, max_batch: int, budget: PayloadBudget
    ) -> None:
        self._celery = celery
        self._redis = redis
        self._queue = queue
        self._budget = budget
        self._results = ResultChannel(redis)
        self._waiting = CallQueue(max_batch)
        self._tasks: dict[str, _Task] = {}
        self._losses = LossDetection(redis, registry, self._results)
        self._answered: list[str] = []
        """Ids of tasks whose keys are left to delete."""
        self._loops: list[asyncio.Task[None]] = []
        self._closing = False
        """Beside the cancellation of the loops: Redis' client may swallow that, and fail instead."""
        self._cleaning: set[asyncio.Task[None]] = set()
        # One thread for all: Celery's way of sending waits for Redis.
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="dispatcher")

    def start(self) -> None:
        """Begin to send and to listen."""
        self._results.start()
        self._loops = [asyncio.create_task(self._send_waiting()), asyncio.create_task(self._watch())]

    async def close(self) -> None:
        """Stop; calls that are not answered yet fail with Unavailable."""
        self._closing = True
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._results.close()
        stopping = Unavailable("The service is stopping; try again soon.")
        for call in self._waiting.drain():
            call.resolve(stopping)
        for task in list(self._tasks.values()):
            task.result.cancel()
            for call in task.calls:
                call.resolve(stopping)
        await asyncio.sleep(0)
        self._clear_answered()
        await asyncio.gather(*self._cleaning)
        self._sender.shutdown()

    async def ask(
        self, method: str, arguments: dict[str, Any], size: int, seconds: float, queue: str | None = None
    ) -> Any:
        """What a worker answers to a call of `size` pictures; of a `queue` that only some answer, if it is named.

        Raises the domain error that the worker met, Busy where there is no room for it, Unavailable where there is no
        answer in time, and CrashedWorker.
        When the caller is cancelled, so is the task, unless somebody else's call travels in it.
        """
        loop = asyncio.get_running_loop()
        with span(f"send {method}", SpanKind.PRODUCER):
            deadline, answer = loop.time() + seconds, loop.create_future()
            call = Call(method, pack(arguments, BEFORE), size, deadline, answer, carrier(), queue or self._queue)
            async with self._budget.holding(call, len(call.arguments)):
                answered = await self._answer(call, seconds)
        if isinstance(answered, FacetError):
            raise answered
        return answered

    async def _answer(self, call: Call, seconds: float) -> Any:
        self._waiting.put(call)
        try:
            async with asyncio.timeout(seconds):
                return await call.answer
        except TimeoutError as error:
            raise Unavailable(f"No worker answered within {seconds:g} s; try again soon.", part="worker") from error
        finally:
            if call.answer.cancelled():
                self._abandon(call)

    def _abandon(self, call: Call) -> None:
        for task in list(self._tasks.values()):
            if call in task.calls and all(other.answer.done() for other in task.calls):
                task.result.cancel()

    async def _send_waiting(self) -> None:
        while not self._closing:
            await self._send(await self._waiting.take(), alone=False)

    async def _send(self, calls: Sequence[Call], *, alone: bool) -> None:
        now = asyncio.get_running_loop().time()
        lifetime = max(round(1000 * (max(call.deadline for call in calls) - now)), 1)
        task_id, result = self._results.expect()
        task = self._tasks[task_id] = _Task(task_id, calls, alone, result, now, lifetime)
        result.add_done_callback(lambda _: self._finish(task))
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(payload_key(task_id), pack([call.arguments for call in calls], BEFORE), px=lifetime)
                pipe.time()
                _, (seconds, microseconds) = await pipe.execute()
            task.queued = microseconds + 1_000_000 * seconds
            self._budget.arrived(calls)
            if result.done():  # given up meanwhile, and cleared before there was anything to clear
                await self._clear([task_id])
            else:
                await self._enqueue(task)
                if task.queue != self._queue:
                    # Should the last of its workers end, nobody would empty it.
                    await self._redis.expire(task.queue, CLAIM_SECONDS)
        except (RedisError, OperationalError) as error:
            logger.warning("a task could not be sent: %s", error)
            self._results.fail(task_id, Unavailable("Redis does not answer; try again soon.", part="redis"))
        except Exception:  # whatever it is, it is these callers' and must not end the sending
            logger.exception("a task could not be sent")
            self._results.fail(task_id, FacetError("Something failed on the way to a worker; the log says what."))

    async def _enqueue(self, task: _Task) -> None:
        task.enqueued = False
        await asyncio.get_running_loop().run_in_executor(self._sender, self._send_message, task)
        task.enqueued = True

    def _send_message(self, task: _Task) -> None:
        headers = {
            "version": VERSION,
            "lifetime": task.lifetime,
            "contexts": [dict(call.context) for call in task.calls],
            "size": task.size,
            "alone": task.alone,
            "queue": task.queue,
            "queued": task.queued,
        }
        name = TASK_PREFIX + task.calls[0].method
        self._celery.send_task(name, args=[task.alone], task_id=task.id, queue=task.queue, headers=headers)

    def _finish(self, task: _Task) -> None:
        """Answer the calls of a task by its result, and see to it that its keys in Redis are deleted."""
        del self._tasks[task.id]
        if task.result.cancelled():
            self._clean(self._clear([task.id]))
            return
        error = task.result.exception()
        answers = [error] * len(task.calls) if error else _read(task)
        for call, answer in zip(task.calls, answers, strict=True):
            call.resolve(answer)
        # Those of many together: each is a command of its own otherwise.
        self._answered.append(task.id)
        if error or len(self._answered) >= CLEARED_TOGETHER:
            self._clear_answered()

    def _clear_answered(self) -> None:
        answered, self._answered = self._answered, []
        if answered:
            self._clean(self._clear(answered))

    def _clean(self, work: Coroutine[Any, Any, None]) -> None:
        cleaning = asyncio.create_task(work)
        self._cleaning.add(cleaning)
        cleaning.add_done_callback(self._cleaning.discard)

    async def _clear(self, task_ids: Sequence[str]) -> None:
        with suppress(RedisError):  # what stays expires by itself
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.unlink(*(key(id) for id in task_ids for key in (payload_key, claim_key, result_key)))
                pipe.hdel(claims_key(task_ids[0]), *map(number_of, task_ids))
                await pipe.execute()

    async def _watch(self) -> None:
        """Check tasks that were sent more than a second ago: a result may have been missed, or a worker lost."""
        while not self._closing:
            await asyncio.sleep(BEAT_SECONDS)
            self._clear_answered()
            before = asyncio.get_running_loop().time() - BEAT_SECONDS
            tasks = [task for task in self._tasks.values() if task.enqueued and task.sent < before]
            if tasks:
                try:
                    await self._look_after(tasks)
                except (RedisError, OperationalError) as error:
                    logger.warning("tasks under way could not be looked after: %s", error)

    async def _look_after(self, tasks: Sequence[_Task]) -> None:
        lost = await self._losses.look(tasks)
        for task in tasks:
            loss = lost.get(task.id)
            if loss is None or task.result.done():
                continue
            if asyncio.get_running_loop().time() >= task.sent + task.lifetime / 1000:
                continue  # its payload is rightly gone, and its calls are about to hear that nobody answered
            if loss is Loss.REQUEST:
                self._results.fail(task.id, Unavailable("Redis lost the request; try it again.", part="redis"))
            elif loss is Loss.MESSAGE:
                await self._enqueue(task)
            else:
                await self._replace(task)

    async def _replace(self, task: _Task) -> None:
        """Send the calls of a task again whose worker was lost, each in a task of its own; not a second time."""
        if task.alone:
            self._results.fail(task.id, CrashedWorker("This request ended two workers; do not send it again."))
            return
        task.result.cancel()
        for call in task.calls:
            if not call.answer.done():
                await self._send([call], alone=True)


def _read(task: _Task) -> list[Any]:
    """The answers to the calls of a task that has its result."""
    try:
        return unpack_answers(task.result.result(), len(task.calls))
    except ValueError as error:
        logger.error("the answer of a worker cannot be read: %s", error)
        lost = Unavailable("A worker of another version answered what this one cannot read.", part="worker")
        return [lost] * len(task.calls)
