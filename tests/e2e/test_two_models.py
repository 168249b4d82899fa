"""A service whose workers have two models, as while one takes another's place."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np

from model.engine.dummy import DummyModel
from model.images.decode import ImageLimits, decode
from tests.faces import draw_face, png
from tests.processes import redis_server, worker_process
from tests.service.asking import JSON, assert_problem, enrol, vector
from tests.service.serving import dummy_app, serving
from tests.worker.queue.other_worker import OTHER_WORKER, OtherModel

MODELS = {model.id: model for model in (DummyModel(), OtherModel())}
SIDE = DummyModel.read_size
PICTURES = [png(draw_face(SIDE, seed=seed)) for seed in range(12)]


def enrolled(client: httpx.Client) -> list[dict[str, Any]]:
    """Each picture until both models had one."""
    faces = []
    for number, picture in enumerate(PICTURES * 5):
        answer = client.post("/faces?align=none", files={"image": picture}, data={"subject": f"s{number % 12}"})
        assert answer.status_code == 201, answer.text
        faces.append(answer.json())
        if number >= 12 and {face["model"] for face in faces} == set(MODELS):
            return faces
    raise AssertionError("only one model was asked")


def test_two_models_side_by_side_never_mix(tmp_path: Path) -> None:
    with (
        redis_server(tmp_path) as redis,
        worker_process(redis, tmp_path),
        serving(dummy_app(tmp_path, inference="celery", redis_url=redis.url)) as client,
    ):
        assert enrol(client, png(draw_face(seed=3)), "before", "default")["model"] == "dummy-1"
        with worker_process(redis, tmp_path, OTHER_WORKER):
            _both(client)
        # Only one is left: what it did not make is not compared with what it makes.
        assert "are of other models" in client.get("/health/ready").json()["note"]


def _styled_as(face: dict[str, Any]) -> dict[str, Any]:
    return {"edits": (None, f'[{{"attribute": "style", "from": "face:{face["id"]}"}}]')}


def _named(
    client: httpx.Client, path: str, more: dict[str, str], of: dict[str, str], faces: list[dict[str, Any]]
) -> None:
    """An embedding that says which model made it is taken for that model's, whichever others run."""
    for face in faces:
        answer = client.post(path, json={"embedding": face["embedding"], **more}, headers=JSON)
        assert answer.is_success, answer.text
        body = answer.json()
        assert {of[found["id"]] for found in body.get("results", body.get("candidates", []))} <= {face["model"]}
        assert body.get("searched", 1) >= 1
        if "embedding" in body:
            assert body["embedding"]["model"] == face["model"]
        if path == "/faces":
            of[body["id"]] = body["model"]


def _both(client: httpx.Client) -> None:
    faces = enrolled(client)
    for number, face in enumerate(faces):
        crop = decode(PICTURES[number % 12], ImageLimits())
        np.testing.assert_array_equal(vector(face["embedding"]), MODELS[face["model"]].embed(crop[None])[0])
    of = {face["id"]: face["model"] for face in client.get("/faces?limit=1000").json()["faces"]}
    counts = {model: list(of.values()).count(model) for model in MODELS}
    seen: set[str] = set()
    for picture in PICTURES * 4:
        found = client.post("/search?align=none&k=100", files={"image": picture}).json()
        models = {of[result["id"]] for result in found["results"]}
        assert len(models) == 1
        seen |= models
        assert found["searched"] == counts[models.pop()]
        made = client.post("/embed?align=none", files={"image": picture}).json()
        crop = decode(picture, ImageLimits())
        seen.add(made["model"]["id"])
        expected = MODELS[made["model"]["id"]].embed(crop[None])[0]
        np.testing.assert_array_equal(vector(made["images"][0]["faces"][0]["embedding"]), expected)
    assert seen == set(MODELS)
    ours, theirs = (next(face for face in faces if face["model"] == model) for model in MODELS)
    for face in (ours, theirs) * 4:
        answer = client.post(f"/edit?face={face['id']}", files=_styled_as(face), headers=JSON)
        assert answer.status_code == 200, answer.text
        # What a model draws it reads again.
        drawn = vector(answer.json()["reencoded"])
        assert float(np.abs(drawn - vector(face["embedding"])).max()) < 0.1
    mixed = client.post(f"/edit?face={ours['id']}", files=_styled_as(theirs))
    assert "cannot be mixed" in assert_problem(mixed, 422, "invalid_request")["detail"]
    for path, more in (("/search", {}), ("/identify", {}), ("/reconstruct", {}), ("/faces", {"subject": "x"})):
        _named(client, path, more, of, [ours, theirs] * 3)
        nameless = {part: numbers for part, numbers in ours["embedding"].items() if part != "model"}
        answer = client.post(path, json={"embedding": nameless, **more})
        assert "Several models run" in assert_problem(answer, 503, "unavailable")["detail"]
        assert int(answer.headers["Retry-After"]) >= 1
    edits = [{"attribute": "style", "from": theirs["embedding"]}]
    mixed = client.post("/edit", json={"embedding": ours["embedding"], "edits": edits})
    assert "cannot be mixed" in assert_problem(mixed, 422, "invalid_request")["detail"]
    assert_problem(client.post("/collections/default/reembed"), 503, "unavailable")
    assert client.get("/health/ready").json() == {"status": "ok"}
    assert client.get("/model").json()["id"] in MODELS
    for face in (ours, theirs):
        found = client.get("/search", params={"face": face["id"], "k": 100}).json()
        assert {of[result["id"]] for result in found["results"]} == {face["model"]}
