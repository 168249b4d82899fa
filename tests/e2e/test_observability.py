"""What a deployment of an API process and a worker tells of one request: measures, logs and a trace."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.processes import FACET, free_port, redis_server, running, wait_until, worker_process
from tests.service.asking import enrol

SUBJECT = "Trillian Astra"
PICTURE = jpeg(draw_face(seed=1))
PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OBSERVED = {"FACET_LOG_FORMAT": "json", "FACET_LOG_LEVEL": "debug", "FACET_TRACES": "console"}


class Deployment(NamedTuple):
    client: httpx.Client
    worker_metrics: str
    place: Path

    def lines(self, process: str) -> list[dict[str, Any]]:
        """What a process has logged, and the spans of its traces."""
        return [json.loads(line) for line in (self.place / f"{process}.log").read_text().splitlines()]

    def logged(self, process: str) -> list[dict[str, Any]]:
        return [line for line in self.lines(process) if "level" in line]

    def spans(self, process: str, trace_id: str) -> list[dict[str, Any]]:
        spans = [line for line in self.lines(process) if "context" in line]
        return [span for span in spans if span["context"]["trace_id"] == f"0x{trace_id}"]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    place, port, metrics = tmp_path_factory.mktemp("observed"), free_port(), free_port()
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(place))
        worker = [*FACET, "worker", "--model", "dummy", "--metrics-port", str(metrics)]
        stack.enter_context(worker_process(redis, place, worker, OBSERVED))
        settings = {"FACET_INFERENCE": "celery", "FACET_REDIS_URL": redis.url, "FACET_DATA_DIR": str(place / "data")}
        serve = [*FACET, "serve", "--port", str(port)]
        stack.enter_context(running(serve, place / "api.log", {**OBSERVED, **settings}))
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30))
        wait_until(lambda: answers(client))
        yield Deployment(client, f"http://127.0.0.1:{metrics}/metrics", place)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx.ConnectError:
        return False


def test_the_workers_measure_the_stages(deployment: Deployment) -> None:
    assert deployment.client.post("/reconstruct", files={"image": PICTURE}).status_code == 200
    there, here = httpx.get(deployment.worker_metrics).text, deployment.client.get("/metrics").text
    for stage in ("broker", "decode", "detect", "align", "queue", "network", "encode"):
        assert f'facet_stage_seconds_count{{stage="{stage}"}}' in there
        assert f'facet_stage_seconds_count{{stage="{stage}"}}' not in here
    for text in (here, there):
        assert 'facet_queue_depth{queue="inference"} 0.0' in text
    assert 'facet_request_seconds_count{method="POST",route="/reconstruct",status="200"} 1.0' in here


def test_a_request_is_found_in_the_logs_of_both_processes(deployment: Deployment) -> None:
    answer = deployment.client.post("/embed", files={"image": PICTURE}, headers={"X-Request-ID": "number-42"})
    assert answer.headers["X-Request-ID"] == "number-42"

    def named(process: str) -> list[dict[str, Any]]:
        return [line for line in deployment.logged(process) if line.get("request_id") == "number-42"]

    wait_until(lambda: bool(named("api")), seconds=10)
    [request] = named("api")
    assert (request["method"], request["route"], request["status"]) == ("POST", "/embed", 200)
    [call] = named("worker")
    assert (call["logger"], call["method"]) == ("facet.worker", "embed")
    assert 0 < call["seconds"] <= request["seconds"]


def test_a_trace_goes_through_the_queue_into_the_worker(deployment: Deployment) -> None:
    trace_id, caller = PARENT
    headers = {"traceparent": f"00-{trace_id}-{caller}-01"}
    assert deployment.client.post("/reconstruct", files={"image": PICTURE}, headers=headers).status_code == 200

    def span(process: str, name: str) -> dict[str, Any]:
        [found] = [span for span in deployment.spans(process, trace_id) if span["name"] == name]
        return found

    wait_until(lambda: any(span["parent_id"] == f"0x{caller}" for span in deployment.spans("api", trace_id)))
    request, sent = span("api", "POST /reconstruct"), span("api", "send reconstruct")
    done = span("worker", "reconstruct")
    assert request["parent_id"] == f"0x{caller}"
    assert sent["parent_id"] == request["context"]["span_id"]
    assert done["parent_id"] == sent["context"]["span_id"]
    assert (sent["kind"], done["kind"]) == ("SpanKind.PRODUCER", "SpanKind.CONSUMER")
    for stage in ("decode", "detect", "align", "encode"):
        assert span("worker", stage)["parent_id"] == done["context"]["span_id"]
    assert request["attributes"] == {"http.route": "/reconstruct", "http.response.status_code": 200}


def test_nobody_and_nothing_of_a_face_is_in_logs_and_traces(deployment: Deployment) -> None:
    client = deployment.client
    face = enrol(client, PICTURE, SUBJECT, "galaxy", metadata='{"planet": "Magrathea"}')
    assert client.get(f"/faces?subject={SUBJECT}").json()["faces"][0]["id"] == face["id"]
    assert client.post("/search?collection=galaxy", files={"image": PICTURE}).json()["searched"] == 1
    assert client.post("/search", json={"embedding": face["embedding"]}).status_code == 200
    assert client.post("/embed", files={"image": b"junk"}).status_code == 422
    assert client.delete(f"/subjects/{SUBJECT}").status_code == 204
    time.sleep(0.2)
    for process in ("api", "worker"):
        text = (deployment.place / f"{process}.log").read_text()
        assert len(text) > 1000
        numbers = [number for name, part in face["embedding"].items() if name != "model" for number in part]
        for secret in (SUBJECT, "Trillian", "Magrathea", "JFIF", base64.b64encode(PICTURE).decode()[:40]):
            assert secret not in text
        assert not [number for number in numbers if str(number) in text]
        # Nor as bytes, in whatever notation: no line has room for a picture.
        assert max(len(line) for line in text.splitlines()) < 2000
