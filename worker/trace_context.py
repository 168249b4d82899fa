"""The trace context of a call (W3C), which joins the logs and traces of an API process and a worker."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Carrier = Mapping[str, str]
"""The headers `traceparent` and `baggage` of W3C, those that there are."""

_PROPAGATOR = CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()])


def carrier() -> Carrier:
    """The present context, as it is sent to another process."""
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers)
    return headers


@contextmanager
def continued(sent: Carrier) -> Iterator[None]:
    """Go on in the context of another process."""
    token = context.attach(_PROPAGATOR.extract(sent))
    try:
        yield
    finally:
        context.detach(token)
