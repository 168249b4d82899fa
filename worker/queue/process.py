"""A worker process: Celery's consumer with a thread pool, whose threads call one service."""

import faulthandler
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from celery.signals import setup_logging, worker_ready, worker_shutting_down
from celery.worker import state
from prometheus_client import start_http_server
from redis import Redis

from model.errors import Unavailable
from worker.interface import EXIT_BROKEN, ModelInfo
from worker.queue.celery_app import create_celery
from worker.queue.connections import connect
from worker.queue.heartbeat import Heartbeat
from worker.queue.tasks.celery_tasks import register
from worker.queue.tasks.runner import BATCH, Runner, Service
from worker.queue_names import model_queue

LONG_SECONDS = 20.0
"""After so long a worker that was told to end, and has not, says where each of its threads stands."""


def work(
    service: Service, queue: str, redis_url: str, *, threads: int, batch: int = BATCH, metrics_port: int | None = None
) -> int:
    """Answer a queue until a signal comes, then finish what is begun; gives the exit code.

    Each of the threads takes tasks of up to `batch` things at a time, or a larger one alone. Where there is a
    `metrics_port`, GET /metrics on it tells what this process measures. Raises what the service's `start` raises, and
    Unavailable if the port cannot be had; Redis may come later. A service that is broken ends the process with
    EXIT_BROKEN.
    """
    celery = create_celery(redis_url)
    with (
        _metrics(metrics_port),
        closing(connect(redis_url)) as redis,
        closing(Runner(service, redis, batch)) as runner,
        closing(_heartbeat(redis, queue, runner)) as heartbeat,
    ):
        register(celery, queue, runner, heartbeat.queues)
        runner.on_broken = partial(_end, heartbeat)
        # Celery tells each task's result in the log; embeddings and pictures do not belong there.
        logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
        setup_logging.connect(_leave_as_it_is)
        worker_ready.connect(heartbeat.start)
        worker_shutting_down.connect(_say_where_it_stands)
        worker = celery.Worker(
            pool="threads",
            concurrency=threads,
            queues=heartbeat.queues,
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
    return worker.exitcode or 0


def _end(heartbeat: Heartbeat) -> None:
    """End the process, from any thread: it signs off at once, and its supervisor starts another."""
    heartbeat.close()
    state.should_stop = EXIT_BROKEN


def _heartbeat(redis: Redis, queue: str, runner: Runner) -> Heartbeat:
    """Start the service; gives the heartbeat, which knows the queues that the worker answers."""
    info = runner.start()
    # What only one model can answer comes by a queue of its own.
    queues = [queue, model_queue(info.id)] if isinstance(info, ModelInfo) else [queue]
    return Heartbeat(redis, queues, runner.id, runner.about)


@contextmanager
def _metrics(port: int | None) -> Iterator[None]:
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port)
    except OSError as error:
        raise Unavailable(f"cannot listen on port {port}: {error.strerror or error}") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _say_where_it_stands(**_: Any) -> None:
    """A receiver of Celery's signal `worker_shutting_down`."""
    faulthandler.dump_traceback_later(LONG_SECONDS)


def _leave_as_it_is(**_: Any) -> None:
    """A receiver of Celery's signal `setup_logging`: without one Celery would configure logging by itself."""
