"""The heartbeat of a worker: its entry in the worker registry, renewed every second."""

import logging
import socket
import threading
import uuid
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, cast

from redis import Redis, RedisError
from redis.client import PubSub

from worker.queue.redis_keys import ABOUT_DIGITS, BEAT_SECONDS, LIFE_SECONDS, worker_key, workers_key

CONFIRM_SECONDS = 0.1
"""How long a beat waits for Redis to confirm a new subscription."""

logger = logging.getLogger("facet.worker")


def new_worker_id(about: bytes) -> str:
    """An id that no other worker has; it tells the host, and whether another says the same of itself."""
    return f"{socket.gethostname()}.{sha256(about).hexdigest()[:ABOUT_DIGITS]}{uuid.uuid4().hex[:ABOUT_DIGITS]}"


def lives_here(redis: Redis, queue: str) -> bool:
    """Whether a worker of a queue lives on this host. Raises RedisError."""
    members = cast(set[bytes], redis.smembers(workers_key(queue)))
    here = [id.decode() for id in members if id.decode().rpartition(".")[0] == socket.gethostname()]
    return bool(here) and redis.exists(*map(worker_key, here)) > 0


class Heartbeat:
    """Renews a worker's entry in the registry of each of its queues, from a thread of its own.

    It also subscribes to a channel on which nothing is ever published: Redis ends the subscription as soon as the
    process ends, however that happens, so that its loss is seen before the entry expires.
    """

    def __init__(self, redis: Redis, queues: Sequence[str], worker_id: str, about: bytes) -> None:
        """`about` is what the worker says of itself, packed."""
        self._redis = redis
        self.queues = queues
        self._worker_id = worker_id
        self._about = about
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)

    def start(self, **_: Any) -> None:
        """Begin, unless it has begun; takes whatever a signal of Celery brings."""
        if self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """Delete the entry, so that nobody waits for this worker."""
        if self._thread.ident is None:
            return
        self._stopping.set()
        self._thread.join()
        try:
            self._redis.delete(worker_key(self._worker_id))
            for queue in self.queues:
                self._redis.srem(workers_key(queue), self._worker_id)
        except RedisError as error:
            logger.warning("could not sign off: %s", error)

    def _work(self) -> None:
        with self._redis.pubsub(ignore_subscribe_messages=True) as presence:  # type: ignore[no-untyped-call]
            while True:
                try:
                    self._beat(presence)
                except RedisError as error:
                    logger.warning("Redis does not answer: %s", error)
                if self._stopping.wait(BEAT_SECONDS):
                    return

    def _beat(self, presence: PubSub) -> None:
        if not presence.subscribed:
            presence.subscribe(worker_key(self._worker_id))
        # Reads what Redis confirms; a connection that broke is made anew, and subscribed again.
        presence.get_message(timeout=CONFIRM_SECONDS)
        # Redis takes these also when its memory is full, but nothing that is new.
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.expire(worker_key(self._worker_id), LIFE_SECONDS)
            for queue in self.queues:
                pipe.sismember(workers_key(queue), self._worker_id)
            if all(pipe.execute()):
                return
            for queue in self.queues:
                pipe.sadd(workers_key(queue), self._worker_id)
            pipe.set(worker_key(self._worker_id), self._about, ex=LIFE_SECONDS)
            pipe.execute()
