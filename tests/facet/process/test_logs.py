import json
import logging
import sys

from facet.process.logs import JsonFormatter, TextFormatter
from service.middleware.request_id import working_for


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("facet.test", logging.INFO, __file__, 1, message, arguments, None)
    made.__dict__.update(extra)
    return made


def test_a_record_is_one_line_of_json() -> None:
    text = JsonFormatter().format(record("%s\nis here", "Ada", status=200, seconds=0.5))
    assert "\n" not in text
    entry = json.loads(text)
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "level": "info",
        "logger": "facet.test",
        "message": "Ada\nis here",
        "status": 200,
        "seconds": 0.5,
    }


def test_what_others_add_to_a_record_is_left_out() -> None:
    assert "secret" not in JsonFormatter().format(record("done", data={"args": "secret"}, subject="secret"))


def test_the_request_is_named() -> None:
    with working_for("r-1"):
        assert json.loads(JsonFormatter().format(record("done")))["request_id"] == "r-1"
        assert TextFormatter("%(message)s").format(record("done")) == "done [r-1]"
    assert "request_id" not in JsonFormatter().format(record("done"))
    assert TextFormatter("%(message)s").format(record("done")) == "done"


def test_an_exception_stays_on_the_line() -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        failed = record("failed")
        failed.exc_info = sys.exc_info()
    text = JsonFormatter().format(failed)
    assert "\n" not in text
    assert json.loads(text)["exception"].endswith("ValueError: wrong")
