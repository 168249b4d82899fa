from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

from service.playground.demo_gallery import COLLECTION, NAMES, PICTURES
from tests.service.asking import pixels, xmp
from tests.service.serving import dummy_app, serving

COUNT = len(NAMES) * PICTURES


def demo_faces(client: httpx.Client) -> list[dict[str, object]]:
    faces: list[dict[str, object]] = client.get("/faces", params={"collection": COLLECTION, "limit": 1000}).json()[
        "faces"
    ]
    return faces


def test_it_is_seeded_once_even_at_the_same_moment(tmp_path: Path) -> None:
    with serving(dummy_app(tmp_path)) as client, ThreadPoolExecutor(4) as pool:
        answers = [answer.json() for answer in pool.map(lambda _: client.post("/demo"), range(4))]
        assert answers == [{"collection": COLLECTION, "faces": COUNT, "subjects": len(NAMES)}] * 4
        assert len(demo_faces(client)) == COUNT


def test_the_pictures_of_a_person_share_the_identity_and_are_marked(tmp_path: Path) -> None:
    with serving(dummy_app(tmp_path)) as client:
        client.post("/demo")
        faces = demo_faces(client)
        assert [face["subject"] for face in faces[::PICTURES]] == list(NAMES)
        query = {"face": str(faces[0]["id"]), "attr": "identity", "k": str(PICTURES)}
        found = client.get("/search", params=query).json()["results"]
        assert [face["subject"] for face in found[: PICTURES - 1]] == [NAMES[0]] * (PICTURES - 1)
        assert found[PICTURES - 1]["similarity"] < found[0]["similarity"] - 0.2
        crop = client.get(f"/faces/{faces[0]['id']}/crop")
        assert "trainedAlgorithmicMedia" in xmp(crop.content)
        assert crop.headers["X-Facet-Synthetic"] == "true"
        embedding = faces[0]["embedding"]
        assert isinstance(embedding, dict)
        redrawn = client.post("/reconstruct", json={"embedding": embedding}).content
        assert np.abs(pixels(redrawn).astype(int) - pixels(crop.content)).max() <= 2


def test_what_was_erased_comes_back_only_when_all_is_gone(tmp_path: Path) -> None:
    with serving(dummy_app(tmp_path)) as client:
        client.post("/demo")
        client.delete(f"/faces/{demo_faces(client)[0]['id']}")
        assert client.post("/demo").json()["faces"] == COUNT - 1
        for name in NAMES:
            client.delete(f"/subjects/{name}")
        assert client.post("/demo").json()["faces"] == COUNT
