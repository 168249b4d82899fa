"""The names of the keys of tasks and workers in Redis; docs/running/queue.md lists them with Celery's own."""

BEAT_SECONDS = 1.0
"""Between two heartbeats of a worker."""
LIFE_SECONDS = 8
"""A worker without a heartbeat for so long is lost, such as one whose host is."""
GRACE_SECONDS = 2.5
"""A worker whose subscription has been gone for so long is lost; a living one subscribes again within two beats."""
CLAIM_SECONDS = 600
"""How long it is known who began a task; longer than any task takes."""


def payload_key(task_id: str) -> str:
    """The calls of a task. It expires at the task's deadline, by the clock of Redis; to delete it is to cancel it."""
    return f"facet:payload:{task_id}"


def claim_key(task_id: str) -> str:
    """The id of the worker that has begun a task."""
    return f"facet:claim:{task_id}"


def result_key(task_id: str) -> str:
    """Where Celery stores the result of a task, and the channel on which it publishes it."""
    return f"celery-task-meta-{task_id}"


def workers_key(queue: str) -> str:
    """The set of the ids of the workers of a queue, some of which may be lost."""
    return f"facet:workers:{queue}"


def worker_key(worker_id: str) -> str:
    """What a worker is (model, sizes), which expires without heartbeats. Also the channel of its subscription."""
    return f"facet:worker:{worker_id}"
