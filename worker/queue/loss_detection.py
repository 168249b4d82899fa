"""Finds what was lost of the tasks of an API process, at a cost that does not depend on what waits in Redis."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from redis.asyncio import Redis

from worker.queue.redis_keys import RECEIVED, claim_key, claims_key, number_of, payload_key, taken_key
from worker.queue.results import ResultChannel
from worker.queue.worker_registry import WorkerRegistry


class Loss(Enum):
    """What a task has lost."""

    REQUEST = "its payload, so that nobody can do it"
    MESSAGE = "its message, before a worker began it"
    WORKER = "the worker that had begun it"


class Sent(Protocol):
    """A task that lies in a queue, or lay there."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def queue(self) -> str:
        """Of the workers who may answer it."""


class _Seen(NamedTuple):
    """What one look at Redis found."""

    time: int
    """By the clock of Redis, in microseconds, as all times here."""
    claims: dict[str, str]
    """Who holds a task, by its number."""
    empty: set[str]
    """Queues in which nothing waits."""
    taken: dict[str, int]
    """When the message was sent that was last taken out of a queue."""


class LossDetection:
    """Looks after the tasks of one API process.

    A task that a worker holds is lost with its worker. One that nobody holds is looked at by itself when it cannot be
    in its queue any more, twice in a row: its queue is empty, or what was sent later than it was taken before it. It is
    lost if it is still without a claim then; if it only was put back into the queue, it does no harm to send it again,
    as a worker drops what another has begun.
    """

    def __init__(self, redis: Redis, registry: WorkerRegistry, results: ResultChannel) -> None:
        self._redis = redis
        self._registry = registry
        self._results = results
        self._queued: dict[str, int] = {}
        """A time, by a task's id, at which its message was in the queue already."""
        self._suspects: set[str] = set()

    async def look(self, tasks: Sequence[Sent]) -> dict[str, Loss]:
        """What is lost, by the ids of tasks, of all that are in their queues or were taken out of them.

        Results that went unheard are delivered meanwhile. Raises RedisError.
        """
        seen = await self._see(tasks)
        self._queued = {task.id: self._queued.get(task.id, seen.time) for task in tasks}
        holders = {task.id: holder for task in tasks if (holder := seen.claims.get(number_of(task.id)))}
        away = {task.id for task in tasks if task.id not in holders and self._has_left(task, seen)}
        lost = await self._registry.lost({holder.removeprefix(RECEIVED) for holder in holders.values()})
        doubtful = [id for id, holder in holders.items() if holder.removeprefix(RECEIVED) in lost]
        doubtful += away & self._suspects
        self._suspects = away.difference(doubtful)
        return await self._losses(doubtful, lost) if doubtful else {}

    async def _see(self, tasks: Sequence[Sent]) -> _Seen:
        queues = sorted({task.queue for task in tasks})
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.hgetall(claims_key(tasks[0].id))
            for queue in queues:
                pipe.llen(queue)
                pipe.get(taken_key(queue))
            (seconds, microseconds), claims, *found = await pipe.execute()
        return _Seen(
            microseconds + 1_000_000 * seconds,
            {number.decode(): holder.decode() for number, holder in claims.items()},
            {queue for queue, length in zip(queues, found[::2], strict=True) if not length},
            {queue: int(taken) for queue, taken in zip(queues, found[1::2], strict=True) if taken is not None},
        )

    def _has_left(self, task: Sent, seen: _Seen) -> bool:
        return task.queue in seen.empty or seen.taken.get(task.queue, 0) > self._queued[task.id]

    async def _losses(self, ids: Sequence[str], lost: set[str]) -> dict[str, Loss]:
        """Of tasks that may be lost those that are, and what."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hget(claims_key(id), number_of(id))
                pipe.get(claim_key(id))
                pipe.exists(payload_key(id))
            found = await pipe.execute()
        by_old = {id: claim.decode() for id, claim in zip(ids, found[1::3], strict=True) if claim}
        lost = lost | await self._registry.lost(set(by_old.values()))
        # Read last: a result that came in between is not mistaken for a loss.
        answered = await self._results.fetch(ids)
        losses: dict[str, Loss] = {}
        for id, claim, payload in zip(ids, found[::3], found[2::3], strict=True):
            holder = claim.decode() if claim else by_old.get(id)
            if id in answered:
                continue
            if not payload:
                losses[id] = Loss.REQUEST
            elif holder is None or holder.startswith(RECEIVED):
                if holder is None or holder.removeprefix(RECEIVED) in lost:
                    losses[id] = Loss.MESSAGE
                    del self._queued[id]  # it is about to be sent anew
            elif holder in lost:
                losses[id] = Loss.WORKER
        return losses
