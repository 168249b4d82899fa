import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from facet.client import AsyncClient, Client
from model.errors import Busy, ImpossibleEdit, InvalidRequest, NoFace, NotFound, Unavailable
from tests.faces import draw_face, jpeg
from tests.service.asking import pixels, xmp
from tests.service.serving import dummy_app, serving

ADA, BOB = jpeg(draw_face(seed=1)), jpeg(draw_face(seed=2))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(dummy_app(tmp_path_factory.mktemp("data"))) as client:
        yield str(client.base_url)


@pytest.fixture(scope="module")
def facet(address: str) -> Iterator[Client]:
    with Client(address) as client:
        yield client


def test_pictures_are_bytes_or_files_and_embeddings_are_faces_too(facet: Client, tmp_path: Path) -> None:
    (tmp_path / "ada.jpg").write_bytes(ADA)
    embedding = facet.embed(ADA)["images"][0]["faces"][0]["embedding"]
    assert facet.embed(tmp_path / "ada.jpg")["images"][0]["faces"][0]["embedding"] == embedding
    drawn = facet.reconstruct(ADA)
    assert drawn["embedding"] == embedding
    assert (pixels(facet.reconstruct(embedding)["image"]) == pixels(drawn["image"])).all()
    assert pixels(drawn["input"]).shape == pixels(drawn["image"]).shape


def test_an_edit_is_a_marked_picture(facet: Client) -> None:
    taken = facet.edit(ADA, [{"attribute": "style", "from": "source:0"}], sources=[BOB])
    given = facet.embed(BOB)["images"][0]["faces"][0]["embedding"]
    same = facet.edit(facet.embed(ADA)["images"][0]["faces"][0]["embedding"], [{"attribute": "style", "from": given}])
    assert (pixels(taken) == pixels(same)).all()
    assert "trainedAlgorithmicMedia" in xmp(taken)
    with pytest.raises(InvalidRequest):
        facet.edit(given, [], sources=[BOB])


def test_generated_faces_keep_what_they_shall(facet: Client) -> None:
    assert facet.generate(2, seed=7) == facet.generate(2, seed=7)
    identity = facet.embed(ADA)["images"][0]["faces"][0]["embedding"]["identity"]
    for face in facet.generate(3, image=ADA, keep=["identity"]):
        assert face["embedding"]["identity"] == pytest.approx(identity, abs=1e-6)


def test_who_is_enrolled_is_found_until_erased(facet: Client) -> None:
    enrolled = facet.enrol(ADA, "ada", "client", {"age": 36})
    assert enrolled["metadata"] == {"age": 36}
    assert facet.verify(ADA, ADA)["same_person"] is True
    found = facet.search(ADA, {"identity": 1.0, "style": 0.5}, collection="client")["results"]
    assert [face["id"] for face in found] == [enrolled["id"]]
    assert facet.faces("client")["faces"] == [enrolled]
    facet.delete_face(enrolled["id"])
    assert facet.faces("client")["faces"] == []
    with pytest.raises(NotFound):
        facet.delete_face(enrolled["id"])


def test_failures_are_the_errors_of_the_inside(facet: Client) -> None:
    with pytest.raises(NoFace):
        facet.embed(jpeg(np.full((200, 200, 3), 128, np.uint8)))
    with pytest.raises(ImpossibleEdit) as failure:
        facet.edit(ADA, [{"attribute": "expression", "preset": "hunger"}])
    assert "happiness" in failure.value.details["presets"]
    with pytest.raises(Unavailable), Client("http://127.0.0.1:1") as nobody:
        nobody.model()


@pytest.mark.parametrize(("refusals", "succeeds"), [(0, True), (3, True), (4, False)])
def test_a_busy_service_is_asked_again_when_it_says(refusals: int, succeeds: bool) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) > refusals:
            return httpx.Response(200, json={"id": "m"})
        headers = {"Retry-After": "0", "Content-Type": "application/problem+json"}
        return httpx.Response(503, headers=headers, json={"code": "busy", "detail": "The queue is full."})

    with Client("http://facet", transport=httpx.MockTransport(answer)) as client:
        if succeeds:
            assert client.model() == {"id": "m"}
            assert len(asked) == refusals + 1
        else:
            with pytest.raises(Busy):
                client.model()
            assert len(asked) == 4


def test_the_awaited_client_has_the_same_calls_and_answers(address: str, facet: Client) -> None:
    def calls(kind: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(kind, callable) if not name.startswith("_")}

    assert calls(AsyncClient) == calls(Client) >= {"embed", "edit", "search"}

    async def both() -> list[object]:
        async with AsyncClient(address) as client:
            return list(await asyncio.gather(client.embed(ADA), client.verify(ADA, BOB)))

    assert asyncio.run(both()) == [facet.embed(ADA), facet.verify(ADA, BOB)]
