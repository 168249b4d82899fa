"""Times of the stages of the work, in the metrics and in the trace of the request."""

import time
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Literal

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind
from prometheus_client import Histogram

Stage = Literal["broker", "decode", "detect", "align", "queue", "network", "encode", "search"]
"""`broker` is what a task waits in Redis, `queue` what a picture waits for a thread and a face for the networks, and
`encode` the making of the files of what is drawn."""

STAGE_SECONDS = Histogram(
    "facet_stage_seconds",
    "Time that a stage of the work took",
    ["stage"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
BATCH_SIZE = Histogram(
    "facet_batch_size", "Jobs that went through the networks at once", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)


@cache
def seconds(name: Stage) -> Histogram:
    """The histogram's child for a stage, cached: to look it up costs more than to observe."""
    return STAGE_SECONDS.labels(name)


_tracer = trace.get_tracer("facet")
_UNTRACED = nullcontext(trace.INVALID_SPAN)


def span(name: str, kind: SpanKind = SpanKind.INTERNAL) -> AbstractContextManager[Span]:
    """Trace what happens inside, without the text of errors, which may quote what a picture or a face is about."""
    begun = _tracer.start_span(name, kind=kind)
    if begun is trace.INVALID_SPAN:
        return _UNTRACED  # nobody takes spans; to enter this one would take longer than all else that is done for it
    return trace.use_span(begun, end_on_exit=True, record_exception=False, set_status_on_exception=False)


class stage:  # noqa: N801 - read like the function that `contextmanager` would make, which takes five times as long
    """Measure what happens inside as a stage."""

    __slots__ = ("_begun", "_seconds", "_span")

    def __init__(self, name: Stage) -> None:
        self._span = span(name)
        self._seconds = seconds(name)

    def __enter__(self) -> None:
        self._span.__enter__()
        self._begun = time.perf_counter()

    def __exit__(self, *error: Any) -> None:
        self._seconds.observe(time.perf_counter() - self._begun)
        self._span.__exit__(*error)
