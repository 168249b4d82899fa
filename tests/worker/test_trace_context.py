from opentelemetry import baggage, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from worker.trace_context import carrier, continued

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_context_goes_on_in_another_process() -> None:
    with continued({"traceparent": f"00-{TRACE}-{SPAN}-01", "baggage": "who=ada"}):
        here = trace.get_current_span().get_span_context()
        assert (trace.format_trace_id(here.trace_id), trace.format_span_id(here.span_id)) == (TRACE, SPAN)
        assert baggage.get_baggage("who") == "ada"
        assert carrier() == {"traceparent": f"00-{TRACE}-{SPAN}-01", "baggage": "who=ada"}
    assert carrier() == {}


def test_what_is_no_context_is_none() -> None:
    with continued({"traceparent": "junk"}):
        assert carrier() == {}


def test_a_span_is_carried_as_the_parent() -> None:
    span = NonRecordingSpan(SpanContext(int(TRACE, 16), int(SPAN, 16), is_remote=False, trace_flags=TraceFlags(1)))
    with trace.use_span(span):
        assert carrier()["traceparent"] == f"00-{TRACE}-{SPAN}-01"
