import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facet.cli import app
from tests.faces import draw_face, jpeg
from tests.processes import free_port, redis_server, running, wait_until, worker_process
from tests.service.serving import dummy_app, serving

COMMAND = [sys.executable, "-m", "facet", "worker", "--model", "dummy"]


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 1)])
def test_it_works_until_it_is_told_to_stop(tmp_path: Path, stop: signal.Signals, code: int) -> None:
    with redis_server(tmp_path) as redis, worker_process(redis, tmp_path) as worker:
        worker.send_signal(stop)
        assert worker.wait(timeout=20) == code
        assert redis.workers() == 0
    assert "Traceback" not in (tmp_path / "worker.log").read_text()


def test_it_waits_for_redis(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        redis.stop()
        with running([*COMMAND, "--redis-url", redis.url], tmp_path / "worker.log"):
            wait_until(lambda: "Trying again" in (tmp_path / "worker.log").read_text())
            redis.start()
            wait_until(lambda: redis.workers() == 1)


def test_neither_pictures_nor_embeddings_are_logged(tmp_path: Path) -> None:
    command = (*COMMAND, "--log-level", "debug")
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(tmp_path))
        stack.enter_context(worker_process(redis, tmp_path, command))
        client = stack.enter_context(serving(dummy_app(tmp_path, inference="celery", redis_url=redis.url)))
        assert client.post("/reconstruct", files={"image": jpeg(draw_face())}).status_code == 200
    log = (tmp_path / "worker.log").read_text()
    assert "facet.reconstruct" in log
    assert "PNG" not in log
    assert "89504e47" not in log
    assert max(len(line) for line in log.splitlines()) < 2000


def test_a_model_that_is_not_there_is_one_line() -> None:
    result = CliRunner().invoke(app, ["worker", "--model", "/nowhere.safetensors"])
    assert (result.exit_code, result.stderr) == (
        1,
        "facet: FACET_MODEL: Value error, there is no model file '/nowhere.safetensors'\n",
    )


def test_a_check_without_redis_is_one_line() -> None:
    result = CliRunner().invoke(app, ["worker", "--check", "--redis-url", f"redis://127.0.0.1:{free_port()}/0"])
    assert result.exit_code == 1
    assert result.stderr.startswith("facet: Redis does not answer: ")
    assert result.stderr.count("\n") == 1


def test_a_busy_metrics_port_is_one_line() -> None:
    # In a process of its own: it configures the log, and all threads of this one would write into what is compared.
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*COMMAND, "--metrics-port", str(port)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"facet: cannot listen on port {port}: Address already in use\n")
