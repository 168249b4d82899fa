"""The names of the keys of tasks and workers in Redis; docs/running/queue.md lists them with Celery's own."""

BEAT_SECONDS = 1.0
"""Between two heartbeats of a worker."""
LIFE_SECONDS = 8
"""A worker without a heartbeat for so long is lost, such as one whose host is."""
GRACE_SECONDS = 2.5
"""A worker whose subscription has been gone for so long is lost; a living one subscribes again within two beats."""
CLAIM_SECONDS = 600
"""How long it is known who began a task; longer than any task takes."""

RECEIVED = "~"
"""Before a worker's id in a claim: it has the task and has not begun it, and the task is not to blame for its end."""
ABOUT_DIGITS = 16
"""So many digits after a worker's host are the same where workers say the same of themselves; as many more differ."""


def payload_key(task_id: str) -> str:
    """The calls of a task. It expires at the task's deadline, by the clock of Redis; to delete it is to cancel it."""
    return f"facet:payload:{task_id}"


def claims_key(task_id: str) -> str:
    """The hash of the tasks of one API process that workers have begun: by a task's number the worker's id."""
    return f"facet:claims:{task_id.rpartition('.')[0]}"


def number_of(task_id: str) -> str:
    """A task's field in that hash."""
    return task_id.rpartition(".")[2]


def claim_key(task_id: str) -> str:
    """The id of the worker that has begun a task, where either is of the version before."""
    return f"facet:claim:{task_id}"


def taken_key(queue: str) -> str:
    """When the message was sent that a worker took last out of a queue, in microseconds by the clock of Redis."""
    return f"facet:taken:{queue}"


def result_key(task_id: str) -> str:
    """Where the answers to a task are stored, and the channel on which they are published, as Celery names it."""
    return f"celery-task-meta-{task_id}"


def workers_key(queue: str) -> str:
    """The set of the ids of the workers of a queue, some of which may be lost."""
    return f"facet:workers:{queue}"


def about_of(worker_id: str) -> str:
    """The digits of a worker's id that tell what it says of itself."""
    return worker_id.rpartition(".")[2][:ABOUT_DIGITS]


def worker_key(worker_id: str) -> str:
    """What a worker is (model, sizes), which expires without heartbeats. Also the channel of its subscription."""
    return f"facet:worker:{worker_id}"
