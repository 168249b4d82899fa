from pathlib import Path

import httpx

from gallery.gallery import Gallery
from gallery.records import NewFace
from model.attributes import EMBEDDING_SIZE, POSE_ANGLES, Attribute
from model.engine.dummy import DummyModel
from tests.processes import wait_until
from tests.service.asking import assert_problem
from tests.service.serving import dummy_app, serving


def test_the_model_says_what_it_is(client: httpx.Client) -> None:
    body = client.get("/model").json()
    assert (body["id"], body["image_size"], body["read_size"], body["detector"]) == ("dummy-1", 64, 64, "facet")
    assert [entry["name"] for entry in body["attributes"]] == list(Attribute)
    assert body["attributes"][0]["slice"] == [0, len(POSE_ANGLES)]
    for before, after in zip(body["attributes"], body["attributes"][1:], strict=False):
        assert before["slice"][1] == after["slice"][0]
        assert after["slice"][1] - after["slice"][0] == after["size"]
    assert body["attributes"][-1]["slice"][1] == EMBEDDING_SIZE
    assert [entry["distance"] for entry in body["attributes"]] == ["euclidean", "cosine", "cosine", "cosine"]
    assert "happiness" in body["presets"]["expression"]
    assert body["limits"]["max_images"] == 32
    assert body["search"] == {"kind": "exact", "recall_at_10": {}}


def test_an_approximate_search_tells_its_recall(tmp_path: Path) -> None:
    gallery = Gallery(f"sqlite:///{tmp_path / 'facet.db'}")
    gallery.enrol_many([NewFace("a", vector, "dummy-1") for vector in DummyModel().sample(1500, seed=1)])
    gallery.close()
    with serving(dummy_app(tmp_path, approximate_from=1000)) as client:
        wait_until(lambda: len(client.get("/model").json()["search"]["recall_at_10"]) == 3)
        search = client.get("/model").json()["search"]
    assert search["kind"] == "approximate"
    assert search["recall_at_10"].keys() == {"identity", "expression", "style"}
    assert all(0.9 <= recall <= 1 for recall in search["recall_at_10"].values())


def test_probes_are_well(client: httpx.Client) -> None:
    for probe in ("live", "ready"):
        answer = client.get(f"/health/{probe}")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_before_the_model_is_loaded_it_lives_but_is_not_ready(tmp_path: Path, ada: bytes) -> None:
    with serving(dummy_app(tmp_path), lifespan="off") as client:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert "model" in assert_problem(ready, 503, "unavailable")["detail"]
        assert int(ready.headers["Retry-After"]) >= 1
        assert_problem(client.post("/embed", files={"image": ada}), 503, "unavailable")
        assert_problem(client.get("/model"), 503, "unavailable")


def test_the_page_and_the_documentation_are_there(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert 'href="docs"' in page.text
    assert 'href="openapi.json"' in client.get("/docs").text
