"""How the client waits for a busy service, and that its types are those of the OpenAPI document."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import httpx
import pytest

from facet.client import Client, answers
from facet.client.wire import pause
from model.errors import Busy, Unavailable

SCHEMAS = json.loads((Path(__file__).parents[3] / "openapi.json").read_text("utf-8"))["components"]["schemas"]
TYPES = {name: kind for name, kind in vars(answers).items() if is_typeddict(kind)}


def refusal(retry_after: str, status: int = 503) -> httpx.Response:
    headers = {"Retry-After": retry_after, "Content-Type": "application/problem+json"}
    return httpx.Response(status, headers=headers, json={"code": "busy", "detail": "The queue is full."})


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("refusals", "retry_after", "asked_in_all"), [(0, "0", 1), (3, "0", 4), (4, "0", 4), (1, "61", 1)]
)
def test_a_busy_service_is_asked_again_when_it_says(
    status: int, refusals: int, retry_after: str, asked_in_all: int
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"id": "m"}) if len(asked) > refusals else refusal(retry_after, status)

    with Client("http://facet", transport=httpx.MockTransport(answer)) as client:
        if asked_in_all > refusals:
            assert client.model() == {"id": "m"}
        else:
            with pytest.raises(Busy):
                client.model()
    assert len(asked) == asked_in_all


def test_a_pause_is_a_number_or_a_date() -> None:
    assert pause(refusal("7")) == 7
    assert pause(refusal(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True))) == pytest.approx(
        30, abs=2
    )
    assert pause(refusal("Wed, 21 Oct 2015 07:28:00 GMT")) == 0
    assert pause(refusal("soon")) == pause(httpx.Response(503)) == 1


def test_the_key_is_sent_and_a_stranger_is_no_facet() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(200, json=dict(request.headers))
            if "authorization" in request.headers
            else httpx.Response(404)
        )

    with Client("http://facet", "secret", transport=httpx.MockTransport(answer)) as client:
        said: Any = client.model()
        assert said["authorization"] == "Bearer secret"
    with Client("http://facet", transport=httpx.MockTransport(answer)) as client, pytest.raises(Unavailable):
        client.model()


@pytest.mark.parametrize("name", TYPES)
def test_a_type_of_an_answer_is_the_schema_of_its_name(name: str) -> None:
    kind, schema = TYPES[name], SCHEMAS[name]
    hints = get_type_hints(kind)
    assert hints.keys() == schema["properties"].keys()
    required = schema.get("required", [])
    assert set(required) <= kind.__required_keys__
    for field in required:
        nullable = {"type": "null"} in schema["properties"][field].get("anyOf", [])
        assert (type(None) in getattr(hints[field], "__args__", ())) == nullable, field


def test_every_schema_of_an_answer_has_a_type() -> None:
    requests = {name for name in SCHEMAS if name.endswith(("Form", "Request"))} | {"Edit", "Question"}
    elsewhere = {"Attribute", "GeneratedFaces", "Problem"}
    assert SCHEMAS.keys() - requests - elsewhere - {"Kind", "State"} == TYPES.keys()
