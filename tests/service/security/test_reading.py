"""Enrolled faces are told of to nobody who lacks the right to look at them, whatever the route."""

import json
import re
from typing import Any

import httpx
import pytest

from service.security.scopes import NEEDS, Scope
from tests.service.asking import JSON, assert_problem, embedding_of, enrol
from tests.service.security.guarded import USUAL, Guarded

SUBJECT, MARK, COLLECTION = "somebody-hidden", "a-hidden-mark", "hidden"
ROUTES = sorted(NEEDS, key=lambda route: (route.startswith("DELETE"), route))
"""What erases comes last."""


@pytest.fixture(scope="module")
def hidden(guarded: Guarded, ada: bytes) -> dict[str, Any]:
    """A face, which everything below tries to see; with the id of a job over it."""
    owner = guarded.holder(*USUAL)
    face = enrol(owner, ada, SUBJECT, COLLECTION, metadata=json.dumps({"mark": MARK}))
    return {**face, "job": owner.post(f"/collections/{COLLECTION}/groups").raise_for_status().json()["id"]}


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_tells_of_a_face_without_the_scope_to_search(
    guarded: Guarded, hidden: dict[str, Any], bob: bytes, route: str
) -> None:
    curious = guarded.holder(*(scope for scope in Scope if scope not in (Scope.SEARCH, Scope.ADMIN)))
    method, path = route.split(" ")
    named = {"face_id": hidden["id"], "job_id": hidden["job"], "name": COLLECTION, "subject": SUBJECT, "path": "app.js"}
    url = re.sub(r"\{(\w+)\}", lambda found: named[found[1]], path)
    secrets = [SUBJECT, MARK, *map(str, hidden["embedding"]["identity"][:3])]
    for body in bodies(curious, hidden["id"], bob):
        answer = curious.request(method, url, **{"headers": JSON, **body})
        # What a refusal says back is no news.
        told = answer.text.replace(url, "").replace(repr(SUBJECT), "")
        assert [secret for secret in secrets if secret in told] == [], (answer.status_code, answer.text[:500])


def bodies(curious: httpx.Client, face: str, own: bytes) -> list[dict[str, Any]]:
    """Ways to name a face in a request, beside its path."""
    embedding = embedding_of(curious, own)
    edits = [{"attribute": "identity", "from": f"face:{face}"}]
    by_query = {"face": face, "collection": COLLECTION, "subject": SUBJECT}
    turned = [{"attribute": "pose", "set": {"yaw": 1}}]
    return [
        {},
        {"params": by_query},
        {"params": by_query, "json": {"edits": turned}},
        {"json": {"embedding": embedding, "edits": edits}},
        {"files": {"image": own}, "data": {"edits": json.dumps(edits)}},
        {"json": {"queries": [{"face": face}]}},
        {"json": {"metadata": {"another": 1}}},
        {"json": {"embedding": embedding}, "headers": {**JSON, "Idempotency-Key": face}},
    ]


def test_the_face_is_there_for_who_may_look(guarded: Guarded, ada: bytes) -> None:
    """So that the test above does not pass for want of anything to tell."""
    owner, looker = guarded.holder(Scope.ENROL), guarded.holder(Scope.SEARCH, Scope.EMBED)
    answer = owner.post("/faces", files={"image": ada}, data={"subject": SUBJECT, "collection": "seen"})
    face = answer.raise_for_status().json()
    assert SUBJECT in looker.get(f"/faces/{face['id']}").text
    edits = [{"attribute": "identity", "from": f"face:{face['id']}"}]
    drawn = looker.post("/edit", json={"embedding": face["embedding"], "edits": edits}, headers=JSON)
    assert str(face["embedding"]["identity"][0]) in drawn.text


def test_whoever_may_not_end_a_job_begins_none(guarded: Guarded, hidden: dict[str, Any]) -> None:
    looker = guarded.holder(Scope.SEARCH)
    assert looker.get(f"/jobs/{hidden['job']}").status_code == 200
    for method, path in (("DELETE", f"/jobs/{hidden['job']}"), ("POST", f"/collections/{COLLECTION}/groups")):
        assert_problem(looker.request(method, path), 403, "forbidden")
