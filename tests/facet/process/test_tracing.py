import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from facet.process.tracing import configure_traces
from model.errors import InvalidRequest
from tests.processes import ROOT

PROGRAM = """
from facet.process.tracing import configure_traces
from worker.stage_timing import stage
configure_traces("facet-test", "otlp")
with stage("decode"):
    pass
"""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """The address of a collector, and what it was sent."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: its lines are of no use here."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


def test_spans_are_sent_where_opentelemetry_s_variable_says(
    collector: tuple[str, list[ExportTraceServiceRequest]],
) -> None:
    address, received = collector
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, cwd=ROOT, env=environment, timeout=60)
    [request] = received
    [resource] = request.resource_spans
    attributes = {item.key: item.value.string_value for item in resource.resource.attributes}
    assert attributes["service.name"] == "facet-test"
    assert [span.name for scope in resource.scope_spans for span in scope.spans] == ["decode"]


def test_without_an_exporter_nothing_is_recorded() -> None:
    configure_traces("facet", "none")
    with trace.get_tracer("facet").start_as_current_span("nothing") as span:
        assert not span.is_recording()


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(InvalidRequest, match=r"facet\[tracing\]"):
        configure_traces("facet", "otlp")
