"""The page about the queue names what lies in Redis."""

from pathlib import Path

import pytest

from worker.queue import redis_keys
from worker.queue.celery_app import RESULT_SECONDS, create_celery
from worker.queue.codec import SINCE, VERSION
from worker.queue_names import INFERENCE_QUEUE, SEARCH_QUEUE, model_queue

PAGE = (Path(__file__).parents[3] / "docs" / "running" / "queue.md").read_text("utf-8")


@pytest.mark.parametrize(
    "key",
    [
        redis_keys.payload_key("<task>"),
        redis_keys.claims_key("<process>.<number>"),
        redis_keys.claim_key("<task>"),
        redis_keys.taken_key("<queue>"),
        redis_keys.result_key("<task>"),
        redis_keys.workers_key("<queue>"),
        redis_keys.worker_key("<worker>"),
        model_queue("<model>"),
        INFERENCE_QUEUE,
        SEARCH_QUEUE,
    ],
)
def test_every_key_is_on_the_page(key: str) -> None:
    assert f"`{key}`" in PAGE


def test_the_page_tells_how_long_things_are_kept() -> None:
    for seconds in (redis_keys.CLAIM_SECONDS, redis_keys.LIFE_SECONDS, RESULT_SECONDS):
        assert f" {seconds} s" in PAGE


def test_the_page_tells_the_version() -> None:
    assert f"The present version is {VERSION};" in PAGE
    assert {field for _, field in SINCE} == {"model", "quality", "min_quality"}
    assert all(f"`{field}`" in PAGE for _, field in SINCE)


def test_celery_does_what_the_page_says_and_nothing_that_it_says_is_off() -> None:
    conf = create_celery("redis://localhost/0").conf
    assert (conf.task_acks_late, conf.worker_prefetch_multiplier) == (True, 1)
    assert (conf.worker_enable_remote_control, conf.worker_send_task_events, conf.result_backend) == (
        False,
        False,
        None,
    )
    # With it kombu would write the clocks of hosts into Redis, and give a task away by that of another.
    assert conf.broker_transport_options["ack_emulation"] is False
