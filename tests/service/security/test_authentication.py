"""The gate: who is let in, and how the others are refused."""

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.security.key_store import KeyStore
from service.security.scopes import NEEDS, Open, Scope
from tests.service.asking import assert_problem
from tests.service.security.guarded import Guarded
from tests.service.serving import dummy_app, serving

ROUTES = [tuple(route.split(" ")) for route, need in NEEDS.items() if need is not Open.PUBLIC]
SCOPED = [
    (route, (need,) if isinstance(need, Scope) else need) for route, need in NEEDS.items() if not isinstance(need, Open)
]

NO_JOB = "00000000-0000-7000-8000-000000000000"


def concrete(path: str) -> str:
    """A path of a template that names nothing that is there."""
    return re.sub(r"\{\w+\}", "x", path.replace("{job_id}", NO_JOB))


def test_every_route_is_in_the_table_and_the_table_has_no_other(admin: httpx.Client) -> None:
    document = admin.get("/openapi.json").json()
    routes = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    hidden = {"GET /", "GET /docs", "GET /page/swagger/{path}", "GET /page/{path}"}
    assert routes | hidden == set(NEEDS)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_key_nothing_but_the_page_and_the_probes_answers(guarded: Guarded, method: str, path: str) -> None:
    answer = guarded.client(None).request(method, concrete(path))
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/page/app.js", "/health/live", "/health/ready"])
def test_the_page_the_document_and_the_probes_are_open(guarded: Guarded, path: str) -> None:
    assert guarded.client(None).get(path).status_code == 200


@pytest.mark.parametrize(
    "header", [{"Authorization": "Bearer {}"}, {"Authorization": "bearer {}"}, {"X-API-Key": "{}"}], ids=str
)
def test_a_key_may_be_sent_both_ways(guarded: Guarded, header: dict[str, str]) -> None:
    _, token = guarded.keys.create("Ada", [Scope.SEARCH])
    headers = {name: value.format(token) for name, value in header.items()}
    assert guarded.client(None).get("/collections", headers=headers).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "facet_000000000000_" + "A" * 43, "facet_{id}_" + "A" * 43])
def test_a_wrong_key_is_refused_in_the_same_words(guarded: Guarded, token: str) -> None:
    key, _ = guarded.keys.create("Ada", [Scope.SEARCH])
    answer = guarded.client(None).get("/collections", headers={"X-API-Key": token.format(id=key.id)})
    problem = assert_problem(answer, 401, "unauthorized")
    assert problem["detail"] == "This API key is none of this service, or was revoked."


def test_a_revoked_key_is_refused(guarded: Guarded) -> None:
    key, token = guarded.keys.create("Ada", [Scope.SEARCH])
    client = guarded.client(token)
    assert client.get("/collections").status_code == 200
    guarded.keys.revoke(key.id)
    assert_problem(client.get("/collections"), 401, "unauthorized")


@pytest.mark.parametrize(("route", "need"), SCOPED, ids=[route for route, _ in SCOPED])
def test_each_route_wants_its_scopes_and_no_other(guarded: Guarded, route: str, need: tuple[Scope, ...]) -> None:
    method, path = route.split(" ")
    for lacking in need:
        others = [scope for scope in Scope if scope not in (lacking, Scope.ADMIN)]
        refused = guarded.holder(*others).request(method, concrete(path))
        assert assert_problem(refused, 403, "forbidden")["details"] == {"scope": lacking.value}
    for enough in {need, (Scope.ADMIN,)}:
        assert guarded.holder(*enough).request(method, concrete(path)).status_code not in (401, 403)


def test_editing_an_enrolled_face_wants_the_right_to_look_at_it(guarded: Guarded, ada: bytes) -> None:
    owner, editor = guarded.holder(Scope.ENROL, Scope.SEARCH, Scope.EMBED), guarded.holder(Scope.EMBED)
    sent = owner.post("/faces", files={"image": ada}, data={"subject": "ada"})
    face = sent.raise_for_status().json()["id"]
    edits = [{"attribute": "pose", "set": {"yaw": 10}}]
    lent = [{"attribute": "identity", "from": f"face:{face}"}]
    for client, status in ((editor, 403), (owner, 200)):
        of_it = client.post(f"/edit?face={face}", json={"edits": edits})
        with_it = client.post("/edit", files={"image": ada}, data={"edits": json.dumps(lent)})
        assert (of_it.status_code, with_it.status_code) == (status, status)
    assert assert_problem(editor.post(f"/edit?face={face}", json={"edits": edits}), 403, "forbidden")["details"] == {
        "scope": "search"
    }


def test_who_is_refused_does_not_send_the_body_first(guarded: Guarded) -> None:
    """A body that is announced and never comes keeps nobody waiting."""
    host, port = httpx.URL(guarded.url).host, httpx.URL(guarded.url).port
    head = b"POST /embed HTTP/1.1\r\nHost: %b\r\nContent-Type: image/jpeg\r\nContent-Length: 99\r\n\r\n"
    with socket.create_connection((host, port or 80), timeout=10) as caller:
        caller.sendall(head % host.encode())
        assert caller.recv(12) == b"HTTP/1.1 401"


def test_a_service_stays_locked_when_its_last_key_is_revoked(
    tmp_path: Path, until_read: Callable[[FastAPI], None]
) -> None:
    app = dummy_app(tmp_path)
    until_read(app)
    with serving(app) as client:
        assert client.get("/collections").status_code == 200
        keys = KeyStore(app.state.gallery.database)
        key, _ = keys.create("Ada", [Scope.SEARCH])
        assert_problem(client.get("/collections"), 401, "unauthorized")
        keys.revoke(key.id)
        assert_problem(client.get("/collections"), 401, "unauthorized")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost:8000", "Origin": "http://localhost:8000"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        # What a proxy on this machine passes on with its own Host comes from anywhere.
        ({"X-Forwarded-For": "203.0.113.7"}, 403),
        ({"X-Forwarded-Host": "photos.example"}, 403),
        ({"Forwarded": "for=203.0.113.7"}, 403),
        ({"X-Real-IP": "203.0.113.7"}, 403),
        ({"Via": "1.1 proxy"}, 403),
    ],
)
def test_without_keys_only_this_machine_is_answered(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    with serving(dummy_app(tmp_path)) as client:
        answer = client.get("/collections", headers=headers)
        if status == 403:
            assert_problem(answer, 403, "forbidden")
        assert answer.status_code == status
    with serving(dummy_app(tmp_path, insecure=True)) as client:
        assert client.get("/collections", headers=headers).status_code == 200


def test_pages_of_other_origins_may_use_it_only_where_they_are_named(tmp_path: Path) -> None:
    asked = {"Origin": "https://archive.example", "Access-Control-Request-Method": "GET"}
    with serving(dummy_app(tmp_path)) as client:
        answer = client.options("/collections", headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control")]
    with serving(dummy_app(tmp_path, cors_origins="https://archive.example https://other.example")) as client:
        answer = client.options("/collections", headers=asked)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://archive.example"
        assert client.get("/collections", headers=asked).status_code == 200
        answer = client.get("/collections", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_document_says_what_each_route_needs(admin: httpx.Client) -> None:
    document = admin.get("/openapi.json").json()
    assert {scheme["type"] for scheme in document["components"]["securitySchemes"].values()} == {"http", "apiKey"}
    assert document["paths"]["/faces"]["post"]["security"] == [{"bearer": []}, {"header": []}, {}]
    assert "`enrol`" in document["paths"]["/faces"]["post"]["description"]
    assert document["paths"]["/health/live"]["get"]["security"] == []
