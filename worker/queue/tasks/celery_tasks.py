"""The Celery tasks of a worker: each call of its queue is one."""

from collections.abc import Sequence
from typing import Any

from celery import Celery, Task

from worker.queue.celery_app import TASK_PREFIX
from worker.queue.tasks.messages import Message
from worker.queue.tasks.runner import Runner
from worker.queue_names import INFERENCE_QUEUE, JOBS_QUEUE, SEARCH_QUEUE

METHODS = {
    INFERENCE_QUEUE: ("embed", "reconstruct", "edit", "generate", "stimuli", "verify"),
    SEARCH_QUEUE: ("search", "census"),
    JOBS_QUEUE: (),  # jobs come by their table in the database, which outlives Redis
}
"""The calls that a worker of each queue answers; each is a task."""


def register(celery: Celery, queue: str, runner: Runner, queues: Sequence[str]) -> None:
    """Make each call of a queue a task of a worker, which takes more of them out of some queues."""
    for method in METHODS[queue]:
        # Answers are stored by the runner, for all that it took at once.
        celery.task(name=TASK_PREFIX + method, bind=True, ignore_result=True)(_task(runner, queues))


def _task(runner: Runner, queues: Sequence[str]) -> Any:
    def task(self: Task, alone: bool) -> None:
        own = self.request.delivery_info.get("routing_key")
        # Its own queue comes first, so that each has its turns.
        runner.run(Message.of(vars(self.request), alone=alone), sorted(queues, key=lambda queue: queue != own))

    return task
