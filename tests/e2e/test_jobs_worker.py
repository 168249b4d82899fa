"""Imports done by a worker of the queue `jobs`, which shares the API's data directory."""

from contextlib import ExitStack
from pathlib import Path

from tests.faces import draw_face, jpeg
from tests.gallery.jobs.pictures import zipped
from tests.processes import FACET, redis_server, running, wait_until, worker_process
from tests.service.serving import dummy_app, serving


def test_a_jobs_worker_takes_up_what_the_api_was_sent(tmp_path: Path) -> None:
    archive = zipped({f"p{number}/{number}.jpg": jpeg(draw_face(seed=number)) for number in range(3)})
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(tmp_path))
        stack.enter_context(worker_process(redis, tmp_path))
        settings = {"inference": "celery", "redis_url": redis.url}
        client = stack.enter_context(serving(dummy_app(tmp_path, runs_jobs=False, **settings)))
        job = client.post("/jobs/import", content=archive, headers={"content-type": "application/zip"}).json()

        def state() -> str:
            return str(client.get(f"/jobs/{job['id']}").json()["state"])

        assert state() == "queued"
        environment = {f"FACET_{name.upper()}": value for name, value in settings.items()}
        environment |= {"FACET_DATA_DIR": str(tmp_path)}
        command = [*FACET, "worker", "--queues", "jobs"]
        worker = stack.enter_context(running(command, tmp_path / "jobs.log", environment))
        wait_until(lambda: state() == "done", seconds=30)
        assert client.get(f"/jobs/{job['id']}").json()["progress"]["enrolled"] == 3
        assert client.post("/search", files={"image": jpeg(draw_face(seed=1))}).json()["searched"] == 3
        worker.terminate()
        assert worker.wait(timeout=20) == 0
