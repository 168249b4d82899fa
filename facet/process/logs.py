"""What is logged, as lines for people or as JSON for machines."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from opentelemetry import trace

from service.middleware.request_id import current_request_id

LogFormat = Literal["text", "json"]

FIELDS = ("method", "route", "status", "seconds")
"""What a record may hold beside its message. Others, such as the arguments that Celery adds, are left out."""

# Their records repeat what ours say, or tell the paths of requests, of which subjects are part.
_QUIET = ("uvicorn.access", "celery.app.trace", "celery.worker.strategy", "alembic", "faiss", "httpx", "kombu")


class JsonFormatter(logging.Formatter):
    """One JSON object a record, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its time in UTC, and the ids of its request and trace where it has them."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        request, span = current_request_id(), trace.get_current_span().get_span_context()
        if request is not None:
            entry["request_id"] = request
        if span.is_valid:
            entry["trace_id"] = trace.format_trace_id(span.trace_id)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """A line a record, with the id of its request where it has one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The first line, which a traceback may follow."""
        request = current_request_id()
        return super().formatMessage(record) if request is None else f"{super().formatMessage(record)} [{request}]"


def configure_logs(level: str, form: LogFormat) -> None:
    """Log to stderr from a level on, for the whole process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    # What no format here shows need not be looked up for each record: the library's own way to be faster.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
