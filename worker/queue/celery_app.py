"""The Celery application and its configuration, for API processes and workers."""

from typing import Any

from celery import Celery

from worker.queue_names import INFERENCE_QUEUE

RESULT_SECONDS = 60
"""How long an answer that nobody fetched is kept."""

TASK_PREFIX = "facet."


def create_celery(redis_url: str) -> Celery:
    """An application over Redis, for those who send tasks and for workers; results go another way."""
    celery = Celery("facet", broker=redis_url, set_as_current=False)
    celery.conf.update(_configuration())
    return celery


def _configuration() -> dict[str, Any]:
    return {
        "task_serializer": "msgpack",
        "accept_content": ["msgpack"],
        "task_default_queue": INFERENCE_QUEUE,
        # Acknowledged when done, so that a worker is given no more than its threads run.
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            # Who asked knows by claims what a lost worker held. kombu would go by the clocks of the workers' hosts.
            "ack_emulation": False,
            "priority_steps": [0],
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
        },
        "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0, "interval_step": 0.1},
    }
