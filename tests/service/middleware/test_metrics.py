import logging
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import REGISTRY

from service.middleware.metrics import UNMATCHED
from tests.faces import draw_face, jpeg
from tests.processes import wait_until
from tests.service.serving import dummy_app, serving


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(dummy_app(tmp_path_factory.mktemp("observed"))) as client:
        yield client


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def requests(method: str, route: str, status: int) -> float:
    return value("facet_request_seconds_count", method=method, route=route, status=str(status))


def stages(*names: str) -> list[float]:
    return [value("facet_stage_seconds_count", stage=name) for name in names]


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/faces/somebody", "/faces/{face_id}", 404),
        ("DELETE", "/subjects/ada/lovelace", "/subjects/{subject}", 404),
        ("GET", "/nowhere/ada", UNMATCHED, 404),
        ("GET", "/health/live", "/health/live", 200),
        ("POST", "/embed?align=askew", "/embed", 422),
    ],
)
def test_requests_are_counted_by_the_template_of_their_route(
    embedded: httpx.Client, method: str, path: str, route: str, status: int
) -> None:
    before = requests(method, route, status)
    assert embedded.request(method, path).status_code == status
    # It is counted when all of the answer is sent, at about the time at which the caller has it.
    wait_until(lambda: requests(method, route, status) == before + 1, seconds=10)


def test_methods_beyond_those_of_http_share_a_label(embedded: httpx.Client) -> None:
    before = requests("OTHER", "/embed", 405)
    assert embedded.request("PROPFIND", "/embed").status_code == 405
    wait_until(lambda: requests("OTHER", "/embed", 405) == before + 1, seconds=10)


def test_each_stage_is_measured_once(embedded: httpx.Client) -> None:
    names = ("decode", "detect", "align", "network", "encode")
    before, batches = stages(*names), value("facet_batch_size_sum")
    assert embedded.post("/reconstruct", files={"image": jpeg(draw_face())}).status_code == 200
    # Two jobs of the networks, one after the other: the face's embedding, and its picture.
    assert [now - then for now, then in zip(stages(*names), before, strict=True)] == [1, 1, 1, 2, 1]
    assert value("facet_batch_size_sum") == batches + 2


def test_a_search_is_a_stage(embedded: httpx.Client) -> None:
    before = stages("search")
    embedding = embedded.post("/embed", files={"image": jpeg(draw_face())}).json()["images"][0]["faces"][0]["embedding"]
    assert embedded.post("/search", json={"embedding": embedding}).status_code == 200
    assert stages("search") == [before[0] + 1]


def test_nothing_waits_when_all_is_answered(embedded: httpx.Client) -> None:
    text = embedded.get("/metrics").text
    assert 'facet_queue_depth{queue="inference"} 0.0' in text
    assert 'facet_queue_age_seconds{queue="inference"} 0.0' in text
    assert 'facet_jobs{state="running"} 0.0' in text
    assert "process_resident_memory_bytes" in text


def test_a_request_is_logged_without_its_path(embedded: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "facet.service"):
        embedded.get("/faces?subject=Trillian")
        embedded.delete("/subjects/Trillian")
        wait_until(lambda: len(caplog.records) == 2, seconds=10)
    found = [(record.__dict__["route"], record.__dict__["status"]) for record in caplog.records]
    assert found == [("/faces", 200), ("/subjects/{subject}", 404)]
    assert "Trillian" not in caplog.text


def test_probes_are_not_logged(embedded: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "facet.service"):
        assert embedded.get("/health/live").status_code == 200
        assert embedded.get("/metrics").status_code == 200
        assert embedded.get("/collections").status_code == 200
        wait_until(lambda: bool(caplog.records), seconds=10)
    assert [record.__dict__["route"] for record in caplog.records] == ["/collections"]
