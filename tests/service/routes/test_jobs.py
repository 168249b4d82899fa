"""Archives imported over HTTP, followed step by step."""

import json
import time
from typing import Any

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.gallery.jobs.pictures import tarred, zipped
from tests.service.asking import assert_problem
from tests.service.serving import dummy_app, serving

ZIP = {"content-type": "application/zip"}


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """Six pictures of three people."""
    return {f"p{n // 2}/{n}.jpg": jpeg(draw_face(seed=n)) for n in range(6)}


def events_of(client: httpx.Client, job: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every event of a job until it ends: its name and its data."""
    found, name = [], ""
    with client.stream("GET", f"/jobs/{job['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                found.append((name, json.loads(value)))
    return found


def report(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """A job when it has ended."""
    events_of(client, job)
    body: dict[str, Any] = client.get(f"/jobs/{job['id']}").json()
    return body


@pytest.mark.parametrize("way", ["zip", "tar", "tar.gz", "form"])
def test_an_archive_becomes_enrolled_faces(
    client: httpx.Client, collection: str, pictures: dict[str, bytes], way: str
) -> None:
    files = {**pictures, "p0/again.jpg": pictures["p0/0.jpg"], "p1/words.txt": b"no picture"}
    asked = {"params": {"collection": collection}}
    if way == "form":
        answer = client.post("/jobs/import", files={"archive": zipped(files)}, **asked)  # type: ignore[arg-type]
    else:
        content = zipped(files) if way == "zip" else tarred(files, "w:gz" if way == "tar.gz" else "w")
        answer = client.post(
            "/jobs/import",
            content=content,
            headers={"content-type": "application/octet-stream"},
            **asked,  # type: ignore[arg-type]
        )
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    assert (job["kind"], job["state"], job["collection"]) == ("import", "queued", collection)
    names, data = zip(*events_of(client, job), strict=True)
    assert set(names[:-1]) <= {"progress"}
    assert names[-1] == data[-1]["state"] == "done"
    body = client.get(f"/jobs/{job['id']}").json()
    assert body["progress"] == {"total": 8, "done": 8, "enrolled": 6, "duplicates": 1, "failed": 1}
    assert [(item["path"], item["code"]) for item in body["failures"]] == [("p1/words.txt", "unsupported_image")]
    assert (body["next_failures"], body["groups"], body["error"]) == (None, None, None)
    faces = client.get("/faces", params={"collection": collection}).json()["faces"]
    assert {(face["subject"], face["metadata"]["source"]) for face in faces} == {
        (path.split("/")[0], path) for path in pictures
    }
    found = client.post("/search", params={"collection": collection, "k": 1}, files={"image": pictures["p1/2.jpg"]})
    assert found.json()["results"][0]["metadata"] == {"source": "p1/2.jpg"}


def test_failures_come_page_by_page(client: httpx.Client, collection: str) -> None:
    archive = zipped({f"p/{n}.txt": b"x" for n in range(5)})
    job = client.post("/jobs/import", params={"collection": collection}, content=archive, headers=ZIP).json()
    report(client, job)
    seen: list[str] = []
    after: int | None = -1
    while after is not None:
        body = client.get(f"/jobs/{job['id']}", params={"failures_after": after, "limit": 2}).json()
        seen += [item["path"] for item in body["failures"]]
        after = body["next_failures"]
    assert seen == [f"p/{n}.txt" for n in range(5)]


def test_jobs_are_listed_newest_first(client: httpx.Client, collection: str) -> None:
    made = []
    for _ in range(3):
        answer = client.post("/jobs/import", params={"collection": collection}, content=zipped({}), headers=ZIP)
        made.append(answer.json()["id"])
        time.sleep(0.002)
    first = client.get("/jobs", params={"collection": collection, "limit": 2}).json()
    rest = client.get("/jobs", params={"collection": collection, "cursor": first["next_cursor"]}).json()
    assert [job["id"] for job in first["jobs"] + rest["jobs"]] == made[::-1]
    assert rest["next_cursor"] is None


def test_a_cancelled_job_tells_its_followers(client: httpx.Client, collection: str, pictures: dict[str, bytes]) -> None:
    archive = zipped({f"p/{n}.jpg": pictures["p0/0.jpg"] + bytes([n % 256, n // 256]) for n in range(2000)})
    job = client.post("/jobs/import", params={"collection": collection}, content=archive, headers=ZIP).json()
    cancelled = client.delete(f"/jobs/{job['id']}")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert events_of(client, job)[-1][0] == "cancelled"
    assert client.delete(f"/jobs/{job['id']}").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"hello", "application/zip", 422, "invalid_request"),
        (b"", "application/zip", 422, "invalid_request"),
        (b"hello", "text/plain", 415, "unsupported_media_type"),
        (b"hello", "multipart/form-data", 422, "invalid_request"),
    ],
)
def test_what_is_no_archive_is_no_job(
    client: httpx.Client, collection: str, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = client.post(
        "/jobs/import", params={"collection": collection}, content=content, headers={"content-type": kind}
    )
    assert_problem(answer, status, code)
    assert client.get("/jobs", params={"collection": collection}).json()["jobs"] == []


def test_limits_of_archives_are_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("data")
    with serving(dummy_app(place, max_archive_bytes=2000, max_archive_entries=3)) as client:
        large = client.post("/jobs/import", content=bytes(2001), headers=ZIP)
        assert assert_problem(large, 413, "too_large")["details"] == {"max_archive_bytes": 2000}
        chunks = client.post("/jobs/import", content=iter([bytes(1500)] * 2), headers=ZIP)
        assert_problem(chunks, 413, "too_large")
        many = client.post("/jobs/import", content=zipped({f"p/{n}.jpg": b"" for n in range(4)}), headers=ZIP)
        assert_problem(many, 413, "archive_bomb")
        assert list((place / "jobs").iterdir()) == []


def test_an_unknown_job_is_not_found(client: httpx.Client) -> None:
    for id in ("x", "01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"):
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
            assert_problem(client.request(method, f"/jobs/{id}{path}"), 404, "not_found")


def test_a_place_beyond_all_numbers_is_invalid(client: httpx.Client) -> None:
    job = client.post("/collections/default/groups").json()
    answer = client.get(f"/jobs/{job['id']}", params={"failures_after": 2**64})
    assert assert_problem(answer, 422, "invalid_request")
