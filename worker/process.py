"""A worker process: Celery's consumer on threads that feed one inference."""

import logging
from contextlib import closing

from celery.signals import worker_ready

from worker.celery_app import INFERENCE_QUEUE, create_celery
from worker.connections import connect
from worker.heartbeat import Heartbeat
from worker.inference import Inference
from worker.tasks import Runner, register


def work(inference: Inference, redis_url: str, *, threads: int, log_level: str = "info") -> int:
    """Answer the inference queue until a signal comes, then finish what is begun; gives the exit code.

    Each of the threads waits for one task at a time. Raises what `Inference.start` raises; Redis may come later.
    """
    celery = create_celery(redis_url, stores_results=True)
    with (
        closing(connect(redis_url)) as redis,
        closing(Runner(inference, redis)) as runner,
        closing(Heartbeat(redis, INFERENCE_QUEUE, runner.id, runner.start())) as heartbeat,
    ):
        register(celery, runner)
        # Celery tells each task's result in the log; embeddings and pictures do not belong there.
        logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
        worker_ready.connect(heartbeat.start)
        worker = celery.Worker(
            pool="threads",
            concurrency=threads,
            queues=[INFERENCE_QUEUE],
            loglevel=log_level.upper(),
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
    return worker.exitcode or 0
