"""Every call of the client on a live service, blocking and awaited, as JSON and as msgpack."""

import asyncio
import inspect
import json
import re
import zipfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facet_client import AsyncClient, Client
from facet_client.errors import ImpossibleEdit, InvalidRequest, NoFace, NotFound, Unavailable
from model.attributes import Attribute
from tests.faces import draw_face, jpeg
from tests.service.asking import pixels, xmp
from tests.service.serving import dummy_app, serving

ADA, BOB = jpeg(draw_face(seed=1)), jpeg(draw_face(seed=2))
OPENAPI = json.loads((Path(__file__).parents[3] / "openapi.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(dummy_app(tmp_path_factory.mktemp("data"), keep_crops=True)) as client:
        yield str(client.base_url)


@pytest.fixture(scope="module", params=["json", "msgpack"])
def facet(request: pytest.FixtureRequest, address: str) -> Iterator[Client]:
    with Client(address, packed=request.param == "msgpack") as client:
        yield client


def listed(embedding: Any) -> dict[str, list[float]]:
    """An embedding whose parts can be compared, whichever way they came."""
    return {attribute.value: list(embedding[attribute]) for attribute in Attribute}


def test_pictures_are_bytes_or_files_and_embeddings_are_faces_too(facet: Client, tmp_path: Path) -> None:
    (tmp_path / "ada.jpg").write_bytes(ADA)
    embedding = facet.embed(ADA)["images"][0]["faces"][0]["embedding"]
    assert facet.embed(tmp_path / "ada.jpg")["images"][0]["faces"][0]["embedding"] == embedding
    drawn = facet.reconstruct(ADA)
    assert drawn["embedding"] == embedding
    arrays = {attribute.value: np.array(embedding[attribute.value], np.float32) for attribute in Attribute}
    for given in (embedding, listed(embedding), arrays):
        assert (pixels(facet.reconstruct(given)["image"]) == pixels(drawn["image"])).all()
    assert pixels(drawn["input"]).shape == pixels(drawn["image"]).shape


def test_packed_parts_are_arrays_of_float32(address: str) -> None:
    with Client(address, packed=True) as packed, Client(address) as plain:
        (bob, ada), (same, _) = (client.embed(BOB, ADA)["images"] for client in (packed, plain))
        identity = bob["faces"][0]["embedding"]["identity"]
        assert isinstance(identity, array)
        assert identity.typecode == "f"
        assert list(identity) == same["faces"][0]["embedding"]["identity"]
        assert listed(ada["faces"][0]["embedding"]) != listed(bob["faces"][0]["embedding"])


def test_an_edit_is_a_marked_picture(facet: Client) -> None:
    taken = facet.edit(ADA, [{"attribute": "style", "from": "source:0"}], sources=[BOB])
    given = facet.embed(BOB)["images"][0]["faces"][0]["embedding"]
    edits = [{"attribute": "style", "from": given}]
    same = facet.edit(facet.embed(ADA)["images"][0]["faces"][0]["embedding"], edits)
    assert (pixels(taken) == pixels(same)).all()
    assert "trainedAlgorithmicMedia" in xmp(taken)
    read = facet.edit_and_read(ADA, edits)
    assert (pixels(read["image"]) == pixels(taken)).all()
    assert listed(read["embedding"])["style"] == pytest.approx(listed(given)["style"], abs=1e-6)
    with pytest.raises(InvalidRequest):
        facet.edit(given, [], sources=[BOB])


def test_generated_faces_keep_what_they_shall(facet: Client) -> None:
    assert facet.generate(2, seed=7) == facet.generate(2, seed=7)
    identity = facet.embed(ADA)["images"][0]["faces"][0]["embedding"]["identity"]
    for face in facet.generate(3, image=ADA, keep=["identity"]):
        assert list(face["embedding"]["identity"]) == pytest.approx(list(identity), abs=1e-6)


def test_sets_of_stimuli_come_with_their_recipes(facet: Client) -> None:
    ada, bob = (facet.embed(picture)["images"][0]["faces"][0]["embedding"] for picture in (ADA, BOB))
    sets = [
        facet.average([ADA, BOB], attr=["identity"], weight=[1, 2]),
        facet.continuum(ADA, BOB, 3, attr=["style"], even="embedding"),
        facet.caricature(ada, [ada, bob], [0.5, 1.5]),
        facet.factorial(2, expression=["anger"], turn=[0], seed=3),
        facet.factorial([ADA, BOB], expression=["anger"], turn=[0, 5]),
        facet.direction([ada, bob] * 3, [1, 2, 1, 3, 1, 2], groups=["a", "b"] * 3, degrees=[-20, 20]),
        facet.noise(ADA, 6, first=2, last=4, seed=1),
    ]
    assert [len(drawn["faces"]) for drawn in sets] == [1, 3, 2, 2, 4, 2, 6]
    assert "r2" in sets[5]
    for drawn in sets:
        for face in drawn["faces"]:
            assert "trainedAlgorithmicMedia" in xmp(face["image"])
        again = facet.stimuli_again(drawn["recipe"])
        assert [face["image"] for face in again["faces"]] == [face["image"] for face in drawn["faces"]]
    found = facet.classification(sets[6]["recipe"], {1: "a", 2: "b", 6: "a"}, [-30, 30])
    assert [face["columns"]["choices"] for face in found["faces"]] == [3, 3]
    with pytest.raises(InvalidRequest):
        facet.average([ADA, bob])


def test_who_is_enrolled_is_found_until_erased(facet: Client) -> None:
    enrolled = facet.enrol(ADA, "ada", "client", {"age": 36, "city": "30"})
    assert enrolled["metadata"] == {"age": 36, "city": "30"}
    assert facet.face(enrolled["id"]) == enrolled
    assert pixels(facet.crop(enrolled["id"]) or b"").shape == (64, 64, 3)
    assert facet.verify(ADA, ADA)["same_person"] is True
    found = facet.search(ADA, {"identity": 1.0, "style": 0.5}, collection="client", metadata={"city": "30", "age": 36})
    assert [face["id"] for face in found["results"]] == [enrolled["id"]]
    assert facet.search(ADA, metadata={"city": 30}, min_similarity=0.5)["searched"] == 0
    [batch] = facet.search_many([{"embedding": enrolled["embedding"], "collection": "client"}], k=3)["answers"]
    assert [face["id"] for face in batch["results"]] == [enrolled["id"]]
    other = facet.enrol(BOB, "bob", "client")
    like = facet.search_like(enrolled["id"], {"style": 1.0}, collection="client", k=1)["results"]
    assert [face["id"] for face in like] == [other["id"]]
    assert facet.identify(ADA, collection="client")["subject"] == "ada"
    first = facet.faces("client", limit=1)
    assert first["faces"] == [enrolled]
    assert facet.faces("client", cursor=first["next_cursor"])["faces"] == [other]
    assert facet.change_face(other["id"], subject="a/b ü")["subject"] == "a/b ü"
    assert facet.delete_subject("a/b ü", "client")["deleted"] == 1
    assert facet.delete_face(enrolled["id"])["deleted"] == 1
    assert "client" not in {item["name"] for item in facet.collections()["collections"]}
    with pytest.raises(NotFound):
        facet.delete_face(enrolled["id"])


def archive(place: Path) -> Path:
    with zipfile.ZipFile(place / "people.zip", "w") as file:
        for name, picture in {"ada/1.jpg": ADA, "ada/2.jpg": BOB, "bob/wall.jpg": b"no picture"}.items():
            file.writestr(name, picture)
    return place / "people.zip"


def test_a_job_is_followed_to_its_end(facet: Client, tmp_path: Path) -> None:
    begun = facet.import_archive(archive(tmp_path), "imported")
    *_, last = facet.follow_job(begun["id"])
    assert (last["state"], last["progress"]["failed"]) == ("done", 1)
    report = facet.job(begun["id"])
    assert [failure["path"] for failure in report["failures"]] == ["bob/wall.jpg"]
    assert begun["id"] in {job["id"] for job in facet.jobs("imported")["jobs"]}
    assert facet.cancel_job(begun["id"])["state"] == "done"
    *_, grouped = facet.follow_job(facet.group("imported", min_size=2)["id"])
    assert grouped["kind"] == "groups"
    facet.delete_subject("ada", "imported")
    with pytest.raises(NotFound):
        next(iter(facet.follow_job(begun["id"].replace(begun["id"][0], "x", 1))))


def test_failures_are_the_errors_of_the_inside(facet: Client) -> None:
    with pytest.raises(NoFace):
        facet.embed(jpeg(np.full((200, 200, 3), 128, np.uint8)))
    with pytest.raises(ImpossibleEdit) as failure:
        facet.edit(ADA, [{"attribute": "expression", "preset": "hunger"}])
    assert "happiness" in failure.value.details["presets"]
    with pytest.raises(Unavailable), Client("http://127.0.0.1:1") as nobody:
        nobody.model()


def test_the_awaited_client_has_the_same_calls_and_answers(address: str, tmp_path: Path) -> None:
    def calls(kind: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(kind, callable) if not name.startswith("_")}

    assert calls(AsyncClient) == calls(Client) >= {"embed", "edit", "search"}

    async def all_at_once() -> list[object]:
        async with AsyncClient(address) as client:
            job = await client.import_archive(archive(tmp_path), "awaited")
            states = [event["state"] async for event in client.follow_job(job["id"])]
            assert states[-1] == "done"
            with pytest.raises(NotFound):
                await anext(client.follow_job("nothing"))
            return list(await asyncio.gather(client.embed(ADA), client.verify(ADA, BOB), client.faces("awaited")))

    with Client(address) as client:
        assert asyncio.run(all_at_once()) == [client.embed(ADA), client.verify(ADA, BOB), client.faces("awaited")]


def test_there_is_a_call_for_every_route(address: str, tmp_path: Path) -> None:
    asked: set[tuple[str, str]] = set()
    with Client(address) as client:
        client._http.event_hooks["request"].append(lambda request: asked.add((request.method, request.url.path)))
        one = client.enrol(ADA, "ada", "routes")
        client.reconstruct(ADA), client.edit(ADA, []), client.generate(), client.verify(ADA, BOB), client.embed(ADA)
        client.faces(), client.face(one["id"]), client.crop(one["id"]), client.change_face(one["id"], subject="eve")
        client.search(ADA), client.search_like(one["id"]), client.identify(ADA), client.collections()
        job = client.import_archive(archive(tmp_path), "routes")
        list(client.follow_job(job["id"])), client.jobs(), client.job(job["id"]), client.cancel_job(job["id"])
        client.group("routes"), client.reembed("routes"), client.seed_demo()
        client.delete_face(one["id"]), client.delete_subject("ada")
        ada, bob = (client.embed(picture)["images"][0]["faces"][0]["embedding"] for picture in (ADA, BOB))
        client.average([ada]), client.continuum(ada, bob, 2, even="embedding"), client.caricature(ada, [bob], [1])
        client.stimuli_again(client.factorial(1)["recipe"]), client.direction([ada, bob], [1, 2])
        client.classification(client.noise(ada, 1)["recipe"], {1: "a"})
        client.model(), client.live(), client.ready()
        assert "# HELP" in client.metrics()
    routes = {(method.upper(), path) for path, methods in OPENAPI["paths"].items() for method in methods}
    reached = {
        (method, path)
        for method, path in routes
        if any(method == verb and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), called) for verb, called in asked)
    }
    assert routes - reached == set()
