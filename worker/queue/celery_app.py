"""The Celery application and its configuration, for API processes and workers."""

from typing import Any

from celery import Celery

from worker.queue_names import INFERENCE_QUEUE

VISIBILITY_SECONDS = 10
"""The visibility timeout: after it, a message that a lost worker held goes to another. A task that takes longer runs
twice, which does no harm, as only its first answer counts."""
RESULT_SECONDS = 60
"""How long an answer that nobody fetched is kept."""

UNACKED = "unacked"
"""The hash in Redis in which kombu notes the messages that workers hold."""

TASK_PREFIX = "facet."


def create_celery(redis_url: str, *, stores_results: bool) -> Celery:
    """An application over Redis; a worker stores results, a client sends tasks and reads the results by itself."""
    # Without a result back end a client has no subscription of Celery's own for each task.
    celery = Celery("facet", broker=redis_url, backend=redis_url if stores_results else None, set_as_current=False)
    celery.conf.update(_configuration())
    return celery


def _configuration() -> dict[str, Any]:
    return {
        "task_serializer": "msgpack",
        "result_serializer": "msgpack",
        "accept_content": ["msgpack"],
        "result_accept_content": ["msgpack"],
        "result_expires": RESULT_SECONDS,
        "task_default_queue": INFERENCE_QUEUE,
        # Acknowledged when done: the message of a lost worker goes to another.
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            "unacked_key": UNACKED,
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": VISIBILITY_SECONDS,
            "priority_steps": [0],
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
        },
        "redis_socket_connect_timeout": 2,
        "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0, "interval_step": 0.1},
    }
