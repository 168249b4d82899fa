"""`facet worker`: a process that answers a queue for the API processes of a distributed deployment."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.process.early_stop import ended_by_sigterm
from model.errors import Unavailable

if TYPE_CHECKING:
    from facet.settings import Settings
    from worker.queue.tasks.runner import Service


class Queue(StrEnum):
    """What a worker can answer."""

    INFERENCE = "inference"
    SEARCH = "search"
    JOBS = "jobs"


def worker(
    queues: Annotated[Queue, typer.Option(help="What to answer.")] = Queue.INFERENCE,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Batches at a time; enough to fill the queue if unset.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A checkpoint's path, or `dummy`.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:<number>.")] = None,
    detector_model: Annotated[Path | None, typer.Option(help="A detector's file, such as YuNet's.")] = None,
    redis_url: Annotated[str | None, typer.Option(help="The broker.")] = None,
    metrics_port: Annotated[int | None, typer.Option(help="Where to show metrics; nowhere if unset.")] = None,
    log_level: Annotated[str | None, typer.Option(help="critical, error, warning, info or debug.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell whether one lives on this host.")] = False,
) -> None:
    """Answer the tasks of a queue until interrupted; what is begun is finished.

    Example: facet worker --redis-url redis://127.0.0.1:6379/0
    """
    from facet.settings import Settings

    settings = Settings.load(
        model=model,
        device=device,
        detector_model=detector_model,
        redis_url=redis_url,
        metrics_port=metrics_port,
        log_level=log_level,
    )
    if check:
        _check(settings.redis_url, queues)
        return
    with ended_by_sigterm():
        code = _work(settings, queues, threads)
    raise typer.Exit(code)


def _work(settings: "Settings", queue: Queue, threads: int | None) -> int:
    """Answer a queue until a signal comes, which is Celery's from when all is loaded; gives the exit code."""
    from facet.process.logs import configure_logs
    from facet.process.memory import take_evenly
    from facet.process.tracing import configure_traces
    from worker.queue.process import work

    take_evenly()
    configure_logs(settings.log_level, settings.log_format)
    configure_traces(f"facet-{queue}", settings.traces)
    # Each takes a batch: as many as fill the queue before the networks, as more would only be refused there.
    tasks = threads or max(settings.max_queue // settings.max_batch, 1)
    service, port = _service(settings, queue), settings.metrics_port
    return work(service, queue, settings.redis_url, threads=tasks, batch=settings.max_batch, metrics_port=port)


def _service(settings: "Settings", queue: Queue) -> "Service":
    """What answers a queue; nothing is loaded before it starts."""
    # Each imported late: a search worker has neither torch nor OpenCV, an inference worker no FAISS.
    if queue is Queue.INFERENCE:
        from facet.process.inference import local_inference
        from facet.process.watchdog import watch

        inference = local_inference(settings)
        watch(inference)
        return inference
    if queue is Queue.JOBS:
        from facet.process.job_worker import JobWorker

        return JobWorker(settings)
    from facet.process.gallery import local_gallery
    from worker.search.worker import SearchService

    return SearchService(lambda: local_gallery(settings))


def _check(redis_url: str, queue: Queue) -> None:
    """Raises Unavailable if no worker of a queue lives on this host."""
    from redis import RedisError

    from worker.queue.connections import connect
    from worker.queue.heartbeat import lives_here

    try:
        with connect(redis_url) as redis:
            lives = lives_here(redis, queue)
    except RedisError as error:
        raise Unavailable(f"Redis does not answer: {error}") from error
    if not lives:
        raise Unavailable(f"no worker of the queue {queue} lives on this host")
