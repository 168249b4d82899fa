"""How the client waits for a busy service, and that its types are those of the OpenAPI document."""

import json
import subprocess
import sys
from array import array
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import httpx
import numpy as np
import pytest

import facet
import facet_client
from facet_client import Client, answers, errors
from facet_client.errors import Busy, InvalidRequest, Unavailable
from facet_client.wire import pause, to_json
from model import errors as inside

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


def test_every_failure_of_the_service_is_an_exception_of_its_code() -> None:
    def kinds(base: type) -> set[type]:
        return {base}.union(*(kinds(kind) for kind in base.__subclasses__()))

    def codes(base: type, module: str) -> dict[str, str]:
        return {kind.__dict__["code"]: kind.__name__ for kind in kinds(base) if kind.__module__ == module}

    assert codes(errors.FacetError, errors.__name__) == codes(inside.FacetError, inside.__name__)
    problem = {"code": "busy", "detail": "The queue is full.", "details": {"retry_after": 3}}
    raised = errors.error_of(problem)
    assert (type(raised), raised.message, raised.details) == (Busy, "The queue is full.", {"retry_after": 3})
    assert type(errors.error_of({"code": "new", "detail": "?"})) is errors.FacetError


def test_numbers_travel_as_they_are_and_must_be_finite() -> None:
    assert to_json({"a": np.array([0.1, 2], np.float32), "b": array("d", [0.5]), "c": (1, np.int64(2))}) == (
        b'{"a":[0.10000000149011612,2.0],"b":[0.5],"c":[1,2]}'
    )
    with pytest.raises(InvalidRequest):
        to_json([float("nan")])


def test_it_needs_httpx_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = "import sys; sys.modules.update(dict.fromkeys(['msgpack', 'numpy', 'pydantic', 'facet', 'model']))"
    use = "import facet_client; facet_client.Client('http://127.0.0.1:1', packed=True).model()"
    monkeypatch.setenv("PYTHONPATH", str(Path(facet_client.__file__).parents[1]))
    done = subprocess.run([sys.executable, "-c", f"{blocked}\n{use}"], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith("facet_client.errors.Unavailable: http://127.0.0.1:1"), done.stderr


def test_its_version_is_that_of_the_service() -> None:
    assert facet_client.__version__ == facet.__version__


def test_a_face_that_is_sent_again_has_the_key_that_it_had() -> None:
    """A refusal may come after the enrolment, from whatever lies between."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, json={"id": "f"}) if len(asked) % 2 == 0 else refusal("0")

    with Client("http://facet", transport=httpx.MockTransport(answer)) as client:
        client.enrol(b"picture", "ada")
        client.enrol(b"picture", "ada")
        client.enrol(b"picture", "ada", key="my own")
        client.embed(b"picture")
    keys = [request.headers.get("Idempotency-Key") for request in asked]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    assert len(keys[0] or "") == len(keys[2] or "") == 36
    assert keys[4:] == ["my own", "my own", None, None]
