"""How a worker begins tasks: it claims them and gets their payloads."""

from collections.abc import Sequence
from typing import NamedTuple

from redis import Redis

from worker.queue.redis_keys import (
    CLAIM_SECONDS,
    RECEIVED,
    claim_key,
    claims_key,
    number_of,
    payload_key,
    taken_key,
)
from worker.queue.tasks.messages import Message

BEGIN = f"""
local worker, seconds, begun = ARGV[1], ARGV[2], {{}}
for each = 3, #ARGV do
    local id = ARGV[each]
    local process, number = string.match(id, '^(.*)%.(.*)$')
    local claims, payload = '{claims_key(".")}' .. process, redis.call('GET', '{payload_key("")}' .. id)
    local holder = redis.call('HGET', claims, number)
    local free = not holder or holder == worker or string.sub(holder, 1, 1) == '{RECEIVED}'
    begun[each - 2] = false
    if not payload then
        redis.call('HDEL', claims, number)
    elseif free then
        redis.call('HSET', claims, number, worker)
        redis.call('EXPIRE', claims, seconds)
        begun[each - 2] = {{payload, redis.call('PTTL', '{payload_key("")}' .. id)}}
    end
end
return begun
"""
"""For each of some tasks its payload and the milliseconds that are left for it, or nothing where it was cancelled or
another worker has begun it. The same worker may ask again, should the answer be lost on its way."""


class Begun(NamedTuple):
    """A task that this worker is to do."""

    message: Message
    payload: bytes
    left: int
    """Milliseconds until whoever asked gives up."""


class Claims:
    """Begins tasks in the name of a worker. Every call raises RedisError."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(BEGIN)

    def receive(self, worker_id: str, message: Message) -> None:
        """Say that a task is here, though it may wait."""
        if message.queued is not None:
            self._redis.hsetnx(claims_key(message.task_id), number_of(message.task_id), RECEIVED + worker_id)

    def begin(self, worker_id: str, messages: Sequence[Message]) -> list[Begun]:
        """Claim tasks; gives those that are this worker's to do, and says how far their queues were taken."""
        present = [message for message in messages if message.queued is not None]
        begun = [task for message in messages if message.queued is None for task in self._begin_old(worker_id, message)]
        if present:
            # What was sent before the last of a queue and has no claim is lost.
            taken = {taken_key(message.queue): str(message.queued) for message in present}
            with self._redis.pipeline(transaction=False) as pipe:
                for key, queued in taken.items():
                    pipe.set(key, queued, ex=CLAIM_SECONDS)
                self._script(args=[worker_id, CLAIM_SECONDS, *(each.task_id for each in present)], client=pipe)
                *_, found = pipe.execute()
            begun += [Begun(message, *task) for message, task in zip(present, found, strict=True) if task]
        return begun

    def _begin_old(self, worker_id: str, message: Message) -> list[Begun]:
        """As the version before begins a task, which is how a process of that version knows that it was."""
        with self._redis.pipeline() as pipe:
            pipe.get(payload_key(message.task_id))
            pipe.pttl(payload_key(message.task_id))
            pipe.set(claim_key(message.task_id), worker_id, ex=CLAIM_SECONDS)
            payload, left, _ = pipe.execute()
        return [] if payload is None else [Begun(message, payload, left)]
