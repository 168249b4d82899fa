"""`facet worker`: a process that answers a queue for the API processes of a distributed deployment."""

import logging
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from model.errors import Unavailable


class Queue(StrEnum):
    """What a worker can answer."""

    INFERENCE = "inference"


def worker(
    queues: Annotated[Queue, typer.Option(help="What to answer.")] = Queue.INFERENCE,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Tasks at a time; enough to fill the queue if unset.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A checkpoint's path, or `dummy`.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:<number>.")] = None,
    detector_model: Annotated[Path | None, typer.Option(help="YuNet's ONNX file.")] = None,
    redis_url: Annotated[str | None, typer.Option(help="The broker.")] = None,
    log_level: Annotated[str | None, typer.Option(help="critical, error, warning, info or debug.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell whether one lives on this host.")] = False,
) -> None:
    """Answer the tasks of a queue until interrupted; what is begun is finished."""
    from facet.settings import Settings

    settings = Settings.load(
        model=model, device=device, detector_model=detector_model, redis_url=redis_url, log_level=log_level
    )
    if check:
        _check(settings.redis_url, queues)
        return
    from facet.local import local_inference
    from worker.process import work

    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    # As many tasks as fill the queue before the networks: more would only be refused there.
    tasks = threads or max(settings.max_queue // settings.max_batch, 1)
    raise typer.Exit(work(local_inference(settings), settings.redis_url, threads=tasks, log_level=settings.log_level))


def _check(redis_url: str, queue: Queue) -> None:
    """Raises Unavailable if no worker of a queue lives on this host."""
    from redis import RedisError

    from worker.connections import connect
    from worker.heartbeat import lives_here

    try:
        with connect(redis_url) as redis:
            lives = lives_here(redis, queue)
    except RedisError as error:
        raise Unavailable(f"Redis does not answer: {error}") from error
    if not lives:
        raise Unavailable(f"no worker of the queue {queue} lives on this host")
