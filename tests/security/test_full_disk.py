"""A disk without room: what writes is refused in words, what reads goes on, and all recovers when there is room."""

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.faces import draw_face, jpeg, png
from tests.processes import free_port, running, wait_until
from tests.service.asking import assert_problem, enrol


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def service(place: Path) -> Iterator[tuple[httpx.Client, int]]:
    """A running service, and the number of its process."""
    port = free_port()
    command = [sys.executable, "-m", "facet", "serve", "--model", "dummy"]
    command += ["--port", str(port), "--data-dir", str(place / "data")]
    url = f"http://127.0.0.1:{port}"
    with running(command, place / "log") as process:
        wait_until(lambda: is_ready(url) or process.poll() is not None)
        with httpx.Client(base_url=url, timeout=30) as client:
            yield client, process.pid


@contextmanager
def full(process: int) -> Iterator[None]:
    """No file of a process can grow beyond some bytes; the kernel refuses writes there as on a full disk."""
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux can limit the files of another process")
def test_a_full_disk_refuses_writes_alone_and_recovers(tmp_path: Path) -> None:
    ada, bob = jpeg(draw_face(seed=1)), jpeg(draw_face(seed=2))
    with service(tmp_path) as (client, process):
        face = enrol(client, ada, "ada", "default")
        with full(process):
            for _ in range(3):
                refused = client.post("/faces", files={"image": bob}, data={"subject": "bob"})
                assert "no room" in assert_problem(refused, 507, "storage_full")["detail"]
            assert_problem(client.delete(f"/faces/{face['id']}"), 507, "storage_full")
            assert_problem(client.patch(f"/faces/{face['id']}", json={"subject": "eve"}), 507, "storage_full")
            assert client.get(f"/faces/{face['id']}").json() == face
            found = client.post("/search", files={"image": ada}).json()
            assert [result["id"] for result in found["results"]] == [face["id"]]
            assert client.post("/embed", files={"image": ada}).status_code == 200
            assert client.get("/health/ready").status_code == 200
        second = enrol(client, bob, "bob", "default")
        assert second["sequence"] == face["sequence"] + 1
        assert client.delete(f"/faces/{face['id']}").status_code == 204
        assert [each["id"] for each in client.get("/faces").json()["faces"]] == [second["id"]]
    entries = [json.loads(line) for line in (tmp_path / "data" / "audit.jsonl").read_text().splitlines() if "}" in line]
    assert [entry["action"] for entry in entries if entry["action"] in ("enrol", "erase")] == ["enrol"] * 2 + ["erase"]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux can limit the files of another process")
def test_pictures_need_no_room_on_the_disk(tmp_path: Path) -> None:
    large = png(np.random.default_rng(0).integers(0, 255, (800, 800, 3), np.uint8))
    assert len(large) > 2**20
    with service(tmp_path) as (client, process), full(process):
        assert client.post("/embed?align=none", files={"image": large}).status_code == 200
