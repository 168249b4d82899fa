"""A service whose database stands still: what needs it says so soon, and the rest goes on."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from service.security.key_store import KeyStore
from service.security.scopes import Scope
from tests.faces import draw_face, jpeg
from tests.gallery import postgres
from tests.processes import wait_until
from tests.service.asking import assert_problem, enrol
from tests.service.serving import dummy_app, serving

PICTURE = jpeg(draw_face(seed=1))
SECONDS = 8.0
"""In which everybody is told: the limit of an answer, and of those who came before."""


def timed(call: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    return call(), time.monotonic() - began


def test_what_needs_a_silent_database_says_so_and_the_rest_goes_on(tmp_path: Path) -> None:
    programs = postgres.binaries()
    if programs is None:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as folder:
        app = dummy_app(tmp_path, database_url=postgres.database(folder))
        _, token = KeyStore(app.state.gallery.database).create("all", [Scope.EMBED, Scope.SEARCH, Scope.ENROL])
        with serving(app) as client, ThreadPoolExecutor(64) as callers:
            client.headers["X-API-Key"] = token
            enrol(client, PICTURE, "ada", "default")

            def search() -> httpx.Response:
                return client.post("/search", files={"image": PICTURE})

            def enrolment() -> httpx.Response:
                return client.post("/faces", files={"image": PICTURE}, data={"subject": "bob"})

            assert {answer.status_code for answer in callers.map(lambda _: search(), range(64))} == {200}
            with postgres.standing_still(folder):
                waiting = [callers.submit(timed, call) for call in (search, enrolment) * 32]
                answered, probes = 0, []
                while not all(call.done() for call in waiting):
                    assert client.get("/health/live").status_code == 200
                    embedded = client.post("/embed", files={"image": PICTURE})
                    assert embedded.status_code == 200, embedded.text
                    answered += not all(call.done() for call in waiting)
                    ready, seconds = timed(lambda: client.get("/health/ready"))
                    assert "database does not answer" in assert_problem(ready, 503, "unavailable")["detail"]
                    probes.append(seconds)
                assert answered, "whoever asks nothing of the database waited as long as those who do"
                assert min(probes) < 4.0, "the probe of Kubernetes waits so long"
                for answer, seconds in (call.result() for call in waiting):
                    assert_problem(answer, 503, "unavailable")
                    assert int(answer.headers["Retry-After"]) >= 1
                    assert seconds < SECONDS
                answer, seconds = timed(search)
                assert (answer.status_code, seconds < 4.0) == (503, True)
            wait_until(lambda: search().status_code == 200, 10)
            assert client.get("/health/ready").status_code == 200
            assert enrolment().status_code == 201
