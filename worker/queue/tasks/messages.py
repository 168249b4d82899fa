"""The messages of tasks: what their headers say, and how a worker takes several out of its queues at once."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from redis import Redis, RedisError

from worker.queue.call_queue import BATCH_BYTES
from worker.queue.celery_app import TASK_PREFIX
from worker.queue.redis_keys import payload_key, workers_key
from worker.trace_context import Carrier

TAKE = f"""
local taken, room, bytes = {{}}, tonumber(ARGV[1]), tonumber(ARGV[2])
for each, queue in ipairs(KEYS) do
    local workers = redis.call('SCARD', ARGV[2 + each])
    local share = math.ceil(redis.call('LLEN', queue) / math.max(workers, 1))
    while share > 0 and bytes > 0 do
        local message = redis.call('LINDEX', queue, -1)
        if not message then break end
        local headers = cjson.decode(message)['headers']
        if type(headers['size']) ~= 'number' or headers['alone'] or headers['size'] > room then break end
        redis.call('RPOP', queue)
        taken[#taken + 1] = message
        room, share = room - headers['size'], share - 1
        bytes = bytes - redis.call('STRLEN', '{payload_key("")}' .. headers['id'])
    end
end
return taken
"""
"""Takes the oldest messages out of queues, as kombu would take them one by one: no more things than there is room for,
none after those whose payloads have so many bytes, and no more messages than the worker's share. One that says no size,
or has to run alone, is left to Celery."""

logger = logging.getLogger("facet.worker")


@dataclass(frozen=True)
class Message:
    """What is said of a task beside its payload."""

    task_id: str
    method: str
    alone: bool = False
    """It has crashed a worker, and runs beside no other that has."""
    size: int = 1
    """Pictures, faces or queries of its calls."""
    lifetime: int | None = None
    """Milliseconds that its payload had when it was sent."""
    queue: str = ""
    """That it was sent to; empty of a process of the version before."""
    queued: int | None = None
    """A moment before it was put into the queue, in microseconds by the clock of Redis. None of a process of the
    version before, which looks for a claim under a key of its own."""
    contexts: Sequence[Carrier] = ()
    """The trace contexts of its calls."""
    version: int = 1
    """That the asking process reads; the first did not say it."""

    @classmethod
    def of(cls, headers: Mapping[str, Any], *, alone: bool = False) -> Self:
        """By the headers of a message, which Celery's request has too."""
        return cls(
            headers["id"],
            headers["task"].removeprefix(TASK_PREFIX),
            alone,
            headers.get("size") or 1,
            headers.get("lifetime"),
            headers.get("queue") or "",
            headers.get("queued"),
            headers.get("contexts") or (),
            headers.get("version") or 1,
        )


class WaitingMessages:
    """The messages that wait in queues."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(TAKE)

    def take(self, queues: Sequence[str], room: int) -> list[Message]:
        """The oldest of each queue, of at most so many things together and not more than the worker's share.

        One that is lost on the way here is sent again by whoever asked, as it has no claim.
        """
        if room <= 0 or not queues:
            return []
        try:
            found = self._script(keys=[*queues], args=[room, BATCH_BYTES, *map(workers_key, queues)])
        except RedisError as error:
            logger.warning("no more tasks could be taken: %s", error)
            return []
        return [Message.of(json.loads(message)["headers"]) for message in found]
