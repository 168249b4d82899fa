"""A process whose model hangs begins again by itself, one whose model is broken ends; what was stored is there."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.faces import draw_face, jpeg
from tests.processes import free_port, running, wait_until
from tests.service.asking import assert_problem, enrol
from worker.interface import EXIT_BROKEN


def readiness(url: str) -> httpx.Response | None:
    try:
        return httpx.get(f"{url}/health/ready", timeout=5)
    except httpx.TransportError:
        return None


def is_ready(url: str) -> bool:
    answer = readiness(url)
    return answer is not None and answer.status_code == 200


def test_a_stuck_model_is_told_of_and_the_process_begins_again(tmp_path: Path) -> None:
    port, marker, log = free_port(), tmp_path / "hang", tmp_path / "log"
    command = [sys.executable, "-m", "tests.security.stuck_service", str(marker)]
    command += ["--model", "dummy", "--port", str(port), "--data-dir", str(tmp_path / "data")]
    url, picture = f"http://127.0.0.1:{port}", jpeg(draw_face())
    environment = {**os.environ, "FACET_MAX_STUCK": "2"}
    with running(command, log, environment) as process, ThreadPoolExecutor(1) as pool:
        wait_until(lambda: is_ready(url) or process.poll() is not None)
        with httpx.Client(base_url=url, timeout=30) as client:
            face = enrol(client, picture, "ada", "default")
            marker.touch()
            hanging = pool.submit(httpx.post, f"{url}/embed", files={"image": picture}, timeout=30)
            wait_until(lambda: not marker.exists())
            wait_until(lambda: (answer := readiness(url)) is not None and answer.status_code == 503, 20)
            problem = assert_problem(client.get("/health/ready"), 503, "unavailable")
            assert problem["detail"] == "The model has not answered for 2 s; it is started anew."
            assert client.get(f"/faces/{face['id']}").status_code == 200
        assert isinstance(hanging.exception(30), httpx.TransportError)
        wait_until(lambda: is_ready(url))
        assert process.poll() is None
        assert "the model is stuck" in log.read_text()
        with httpx.Client(base_url=url, timeout=30) as client:
            found = client.post("/search", files={"image": picture}).json()
            assert [result["id"] for result in found["results"]] == [face["id"]]


def test_a_broken_model_is_told_of_and_the_process_ends(tmp_path: Path) -> None:
    port, marker, log = free_port(), tmp_path / "break", tmp_path / "log"
    command = [sys.executable, "-m", "tests.security.broken_service", str(marker)]
    command += ["--model", "dummy", "--port", str(port), "--data-dir", str(tmp_path / "data")]
    url, picture = f"http://127.0.0.1:{port}", jpeg(draw_face())
    with running(command, log) as process:
        wait_until(lambda: is_ready(url) or process.poll() is not None)
        with httpx.Client(base_url=url, timeout=30) as client:
            assert client.post("/embed", files={"image": picture}).status_code == 200
            marker.touch()
            for _ in range(2):
                answer = client.post("/embed", files={"image": picture})
                assert "device has failed" in assert_problem(answer, 503, "unavailable")["detail"]
                assert int(answer.headers["Retry-After"]) >= 1
            assert "device has failed" in assert_problem(client.get("/health/ready"), 503, "unavailable")["detail"]
            assert client.get("/health/live").status_code == 200
        assert process.wait(15) == EXIT_BROKEN
        assert "illegal memory access" in log.read_text()
