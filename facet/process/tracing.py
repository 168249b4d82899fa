"""OpenTelemetry's exporter of traces, where there is to be one."""

from typing import TYPE_CHECKING, Literal

from model.errors import InvalidRequest

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

Traces = Literal["none", "console", "otlp"]


def configure_traces(service: str, traces: Traces) -> None:
    """Export the spans of this process under a service's name, for the whole process.

    `otlp` sends them where OpenTelemetry's own variables say, such as OTEL_EXPORTER_OTLP_ENDPOINT. Raises
    InvalidRequest if the libraries are not installed.
    """
    if traces == "none":
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
    except ImportError as error:
        raise InvalidRequest("FACET_TRACES needs OpenTelemetry: pip install 'facet[tracing]'") from error
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    if traces == "console":
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=_line)))
    else:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _line(span: "ReadableSpan") -> str:
    return f"{span.to_json(indent=None)}\n"
