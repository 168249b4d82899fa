"""An embedding says which model made it, in every answer, and where a request says so it is used with no other."""

from typing import Any

import httpx
import pytest

from tests.service.asking import JSON, assert_problem, embedding_of

OTHER = "another-0123456789ab"

Body = dict[str, Any]


def bodies(embedding: Body, plain: Body) -> list[tuple[str, Body]]:
    """Every place of a request that takes an embedding; `plain` is one beside it."""
    lent = [{"attribute": "style", "from": embedding}]
    return [
        ("/search", {"embedding": embedding}),
        ("/search", {"queries": [{"embedding": embedding, "k": 1}]}),
        ("/identify", {"embedding": embedding}),
        ("/reconstruct", {"embedding": embedding}),
        ("/edit", {"embedding": embedding, "edits": []}),
        ("/edit", {"embedding": plain, "edits": lent}),
        ("/faces", {"embedding": embedding, "subject": "s", "collection": "of-another"}),
    ]


@pytest.mark.parametrize("place", range(7))
def test_one_of_another_model_is_refused(client: httpx.Client, ada: bytes, place: int) -> None:
    embedding = embedding_of(client, ada)
    path, body = bodies({**embedding, "model": OTHER}, embedding)[place]
    problem = assert_problem(client.post(path, json=body, headers=JSON), 422, "invalid_request")
    assert f"The model '{OTHER}' does not run here, but 'dummy-1'" in problem["detail"]
    assert client.get("/faces", params={"collection": "of-another"}).json()["faces"] == []


def test_one_of_the_model_that_runs_is_taken_with_its_id_and_without(client: httpx.Client, ada: bytes) -> None:
    embedding = embedding_of(client, ada)
    plain = {part: numbers for part, numbers in embedding.items() if part != "model"}
    assert plain != embedding
    for (path, named), (_, nameless) in zip(bodies(embedding, plain), bodies(plain, plain), strict=True):
        if path != "/faces":
            answers = [client.post(path, json=body, headers=JSON) for body in (named, nameless)]
            assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
            assert answers[0].json() == answers[1].json()


def test_every_answer_says_which_model_made_an_embedding(client: httpx.Client, ada: bytes, collection: str) -> None:
    embedding = embedding_of(client, ada)
    edited = client.post("/edit", json={"embedding": embedding, "edits": []}, headers=JSON).json()
    form = {"subject": "ada", "collection": collection}
    face = client.post("/faces", json={"embedding": embedding, **form}).json()
    told = [
        embedding,
        edited["embedding"],
        edited["reencoded"],
        client.post("/reconstruct", files={"image": ada}, headers=JSON).json()["embedding"],
        client.post("/generate", headers=JSON).json()[0]["embedding"],
        face["embedding"],
        client.get(f"/faces/{face['id']}").json()["embedding"],
        client.get("/faces", params=form).json()["faces"][0]["embedding"],
    ]
    assert [each["model"] for each in told] == [client.get("/model").json()["id"]] * len(told)
