"""Metrics, traces and logs of each request. They name its route's template, never its path, which may name people."""

import logging
import time
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from http import HTTPMethod, HTTPStatus

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import DefaultGetter
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.middleware.headers import header

REQUEST_SECONDS = Histogram(
    "facet_request_seconds",
    "Time from a request to the end of its answer",
    ["method", "route", "status"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

UNMATCHED = "unmatched"
"""Stands for every path that no route has."""
GONE = 499
"""Stands for the status of a request whose client disconnected before an answer began."""

_PROBES = {"/health/live", "/health/ready", "/metrics"}
_METHODS = {method.value for method in HTTPMethod}

logger = logging.getLogger("facet.service")
_tracer = trace.get_tracer("facet")
_parent = TraceContextTextMapPropagator()


@cache
def _request_seconds(method: str, route: str, status: int) -> Histogram:
    """The histogram's child for these labels, cached: to look it up costs more than to observe."""
    return REQUEST_SECONDS.labels(method, route, str(status))


def method_of(scope: Scope) -> str:
    """A request's method, `OTHER` where HTTP knows none of that name."""
    return scope["method"] if scope["method"] in _METHODS else "OTHER"


def route_of(scope: Scope) -> str:
    """The template of the route that a request has found, such as `/faces/{face_id}`."""
    route = scope.get("route")
    return str(getattr(route, "path_format", getattr(route, "path", UNMATCHED)))


class MetricsMiddleware:
    """Measures, traces and logs each HTTP request, within the client's trace where it sends `traceparent`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = GONE, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = method_of(scope)
        with _span(method, _caller(scope)) as traced:
            try:
                await self._app(scope, receive, noting)
            except Exception:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                raise
            finally:
                route = route_of(scope)
                traced.update_name(f"{method} {route}")
                traced.set_attribute("http.route", route)
                traced.set_attribute("http.response.status_code", status)
                _note(method, route, int(status), time.perf_counter() - begun)


def _span(name: str, caller: Context | None) -> AbstractContextManager[Span]:
    span = _tracer.start_span(name, caller, SpanKind.SERVER)
    if span is trace.INVALID_SPAN:
        return nullcontext(span)  # nobody takes spans: to enter this one would only cost time
    return trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False)


def _caller(scope: Scope) -> Context | None:
    """The trace context that the client sent, None without one."""
    if header(scope["headers"], b"traceparent") is None:
        return None
    return _parent.extract(Headers(scope=scope), getter=DefaultGetter())


def _note(method: str, route: str, status: int, seconds: float) -> None:
    _request_seconds(method, route, status).observe(seconds)
    facts = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
    level = logging.DEBUG if route in _PROBES else logging.INFO
    logger.log(level, "%s %s %d in %.4f s", method, route, status, seconds, extra=facts)
