"""A collection brought to another model file, over HTTP."""

from pathlib import Path

import httpx
import pytest

from facet.asgi import create_app
from facet.settings import Settings
from gallery.gallery import Gallery
from gallery.records import NewFace
from model.calibration import Calibration
from model.checkpoint import save_checkpoint
from model.engine.backend import load_backend
from model.images.encode import encode_png
from tests.service.routes.test_jobs import report
from tests.service.serving import dummy_app, serving
from tests.tiny import tiny_model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two files of one name and shape, of different weights."""
    files = [tmp_path_factory.mktemp("models") / f"{name}.safetensors" for name in ("old", "new")]
    for seed, file in enumerate(files):
        save_checkpoint(file, "tiny", tiny_model(seed), Calibration(), {})
    return files


def _census(client: httpx.Client, collection: str) -> dict[str, int]:
    faces = client.get("/faces", params={"collection": collection}).json()["faces"]
    models = [face["model"] for face in faces]
    return {model: models.count(model) for model in models}


def test_kept_pictures_are_embedded_by_the_new_model_while_the_old_faces_are_found(
    tmp_path: Path, models: list[Path]
) -> None:
    old, new = (load_backend(str(file), "cpu") for file in models)
    assert old.id != new.id
    pictures = old.render(old.sample(40, seed=1))
    vectors = old.embed(pictures)
    gallery = Gallery(f"sqlite:///{tmp_path / 'facet.db'}")
    crops = [*(encode_png(picture, None) for picture in pictures[:36]), b"no picture", None, None, None]
    enrolled = gallery.enrol_many(
        [NewFace(f"s{n}", vectors[n], old.id, "c", {"n": n}, crop=crop) for n, crop in enumerate(crops)]
        + [NewFace("else", vectors[0], old.id, "other", crop=crops[0])]
    )
    gallery.close()
    with serving(create_app(Settings(model=str(models[1]), device="cpu", data_dir=tmp_path))) as client:
        note = client.get("/health/ready").json()["note"]
        assert note.startswith("41 enrolled faces are of other models")
        asked = {"face": enrolled[0].id, "attr": "identity", "k": 100}
        # The old faces are still compared with each other.
        found = client.get("/search", params=asked)
        assert found.status_code == 200, found.text
        assert found.json()["searched"] == 40
        job = report(client, client.post("/collections/c/reembed").json())
        assert job["state"] == "done"
        assert job["progress"] == {"total": 37, "done": 37, "changed": 36, "failed": 1, "last": 37}
        assert [(item["path"], item["code"]) for item in job["failures"]] == [(enrolled[36].id, "unsupported_image")]
        assert _census(client, "c") == {old.id: 4, new.id: 36}
        assert _census(client, "other") == {old.id: 1}
        assert client.get("/health/ready").json()["note"].startswith("5 enrolled faces are of other models")
        assert client.get("/search", params=asked).json()["searched"] == 35
        again = report(client, client.post("/collections/c/reembed").json())
        assert again["progress"] == {"total": 1, "done": 1, "changed": 0, "failed": 1, "last": 37}
    gallery = Gallery(f"sqlite:///{tmp_path / 'facet.db'}")
    changed = gallery.get(enrolled[5].id)
    assert (changed.subject, changed.metadata, changed.model) == ("s5", {"n": 5}, new.id)
    # Batches of other sizes are computed in another order.
    assert abs(changed.embedding - new.embed(pictures[5:6])[0]).max() < 1e-3
    assert abs(changed.embedding - vectors[5]).max() > 0.1
    gallery.close()


def test_a_collection_of_the_present_model_stays_as_it_is(tmp_path: Path) -> None:
    with serving(dummy_app(tmp_path)) as client:
        answer = client.post("/collections/none/reembed")
        assert (answer.status_code, answer.headers["Location"]) == (202, f"/jobs/{answer.json()['id']}")
        assert report(client, answer.json())["progress"] == {
            "total": 0,
            "done": 0,
            "changed": 0,
            "failed": 0,
            "last": 0,
        }
        assert client.post("/collections/a b/reembed").status_code == 422
