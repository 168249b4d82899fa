from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.processes import SEARCH_WORKER, redis_server, wait_until, worker_process
from tests.service.asking import assert_problem
from tests.service.serving import dummy_app, serving
from worker.queue.client import no_worker


def test_readiness_names_the_part_that_is_missing(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        app = dummy_app(tmp_path, inference="celery", search="celery", redis_url=redis.url)
        environment = {"FACET_DATA_DIR": str(tmp_path)}
        with serving(app) as client:
            assert assert_problem(client.get("/health/ready"), 503, "unavailable")["detail"] == no_worker("inference")
            assert client.get("/health/live").status_code == 200
            with worker_process(redis, tmp_path):
                missing = assert_problem(client.get("/health/ready"), 503, "unavailable")
                assert missing["detail"] == no_worker("search")
                with worker_process(redis, tmp_path, SEARCH_WORKER, environment):
                    assert client.get("/health/ready").json() == {"status": "ok"}
            assert assert_problem(client.get("/health/ready"), 503, "unavailable")["detail"] == no_worker("inference")
            redis.stop()
            assert "Redis" in assert_problem(client.get("/health/ready"), 503, "unavailable")["detail"]
            answer = client.post("/embed", files={"image": jpeg(draw_face())})
            assert_problem(answer, 503, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
            redis.start()
            with worker_process(redis, tmp_path), worker_process(redis, tmp_path, SEARCH_WORKER, environment):
                assert client.get("/health/ready").json() == {"status": "ok"}
                assert client.post("/embed", files={"image": jpeg(draw_face())}).status_code == 200


def test_who_hangs_up_cancels_the_task(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis, worker_process(redis, tmp_path) as worker:
        app = dummy_app(tmp_path, inference="celery", redis_url=redis.url)
        with serving(app) as client, redis.client() as keys, ThreadPoolExecutor(1) as caller:
            client.get("/health/ready")
            worker.send_signal(SIGSTOP)
            try:
                calling = caller.submit(client.post, "/embed", files={"image": jpeg(draw_face())}, timeout=3)
                wait_until(lambda: bool(keys.keys("facet:payload:*")))
                with pytest.raises(httpx.ReadTimeout):
                    calling.result()
                # Long before the deadline of the call.
                wait_until(lambda: not keys.keys("facet:payload:*"), seconds=15)
            finally:
                worker.send_signal(SIGCONT)
            assert client.post("/embed", files={"image": jpeg(draw_face())}).status_code == 200
