"""Two keys that see different collections: neither learns anything of the other's."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from gallery.gallery import Gallery
from gallery.records import Amendment, NewFace
from model.engine.dummy import DummyModel
from model.errors import NotFound
from service.security.audit import AuditLog
from service.security.caller import Caller
from service.security.scopes import Scope
from service.security.tenant_gallery import VisibleGallery
from tests.service.asking import assert_problem, embedding_of, enrol
from tests.service.security.guarded import USUAL, Guarded

Tenants = tuple[httpx.Client, httpx.Client]


def ids_in(client: httpx.Client, **params: Any) -> list[str]:
    return [face["id"] for face in client.get("/faces", params=params).json()["faces"]]


def same_but_for_names(one: httpx.Response, other: httpx.Response, *names: str) -> bool:
    """Whether two answers are equal but for the request's own words and its id."""
    texts = []
    for answer in (one, other):
        text = answer.text.replace(answer.headers["X-Request-ID"], "")
        for name in names:
            text = text.replace(name, "")
        texts.append((answer.status_code, text, sorted(set(answer.headers) - {"ratelimit-reset"})))
    return texts[0] == texts[1]


def test_each_sees_its_own(tenants: Tenants, admin: httpx.Client) -> None:
    one, two = tenants
    assert [entry["name"] for entry in one.get("/collections").json()["collections"]] == ["one", "uno"]
    assert [entry["name"] for entry in two.get("/collections").json()["collections"]] == ["two"]
    assert {"one", "two", "uno"} <= {entry["name"] for entry in admin.get("/collections").json()["collections"]}
    assert (len(ids_in(one)), len(ids_in(two))) == (4, 2)
    assert set(ids_in(one)).isdisjoint(ids_in(two))


def test_a_search_counts_and_finds_only_what_is_seen(tenants: Tenants, ada: bytes) -> None:
    one, two = tenants
    for client, collections, faces in ((one, {"one", "uno"}, 4), (two, {"two"}, 2)):
        for route in ("/search", "/search?attr=identity:1&attr=style:-0.3"):
            found = client.post(route, files={"image": ada}).json()
            assert found["searched"] == faces
            assert {result["collection"] for result in found["results"]} == collections
        similarities = [result["similarity"] for result in found["results"]]
        assert similarities == sorted(similarities, reverse=True)
        who = client.post("/identify", files={"image": ada}).json()
        assert (who["subject"], who["searched"], len(who["candidates"])) == ("ada", faces, 2)
    batch = {"queries": [{"embedding": embedding_of(one, ada)}, {"face": ids_in(one)[0], "collection": "uno"}]}
    answers = one.post("/search", json=batch).json()["answers"]
    assert [answer["searched"] for answer in answers] == [4, 2]


def test_several_collections_are_searched_as_one(tenants: Tenants, admin: httpx.Client, ada: bytes) -> None:
    one, _ = tenants
    both = one.post("/search?k=3&group_by=subject", files={"image": ada}).json()["results"]
    assert [result["subject"] for result in both] == ["ada", "bob"]
    apart = [
        result
        for collection in ("one", "uno")
        for result in admin.post(f"/search?collection={collection}", files={"image": ada}).json()["results"]
    ]
    best = sorted(apart, key=lambda result: (-result["similarity"], result["id"]))
    assert one.post("/search?k=3", files={"image": ada}).json()["results"] == best[:3]


def test_a_face_of_another_is_answered_as_none(tenants: Tenants, ada: bytes) -> None:
    one, two = tenants
    embedding = embedding_of(one, ada)
    [hidden, *_], unknown = ids_in(two), "01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"
    asks = [
        ("GET", "/faces/{}", {}),
        ("GET", "/faces/{}/crop", {}),
        ("DELETE", "/faces/{}", {}),
        ("PATCH", "/faces/{}", {"json": {"subject": "eve"}}),
        ("GET", "/search?face={}", {}),
        ("POST", "/search", {"json": {"queries": [{"face": "{}"}]}}),
        ("POST", "/edit?face={}&attr=style", {}),
        ("POST", "/edit", {"json": {"embedding": embedding, "edits": [{"attribute": "style", "from": "face:{}"}]}}),
    ]
    for method, path, body in asks:
        answers = []
        for id in (hidden, unknown):
            filled = json.loads(json.dumps(body).replace('{}"', f'{id}"'))
            answers.append(one.request(method, path.replace("{}", id), **filled))
        assert_problem(answers[0], 404, "not_found")
        assert same_but_for_names(answers[0], answers[1], hidden, unknown), (method, path)
    assert two.get(f"/faces/{hidden}").json()["subject"] == "ada"


@pytest.mark.parametrize(
    "path",
    [
        "/faces?collection={}",
        "/faces?collection={}&subject=ada",
        "/search?collection={}&face={face}",
    ],
)
def test_a_collection_of_another_is_answered_as_none(tenants: Tenants, path: str) -> None:
    one, _ = tenants
    [face, *_] = ids_in(one)
    hidden, unknown = (one.get(path.format(collection, face=face)) for collection in ("two", "not"))
    assert hidden.status_code == 200
    assert same_but_for_names(hidden, unknown)


def test_a_subject_is_erased_only_where_the_key_sees_it(
    guarded: Guarded, tenants: Tenants, ada: bytes, admin: httpx.Client
) -> None:
    other = guarded.holder(*USUAL, collections=["three", "four"])
    assert_problem(other.delete("/subjects/ada"), 404, "not_found")
    assert_problem(other.delete("/subjects/ada?collection=two"), 404, "not_found")
    for collection in ("three", "four"):
        enrol(other, ada, "ada", collection)
    before = len(ids_in(admin))
    receipt = other.delete("/subjects/ada", headers={"Accept": "application/json"}).json()
    assert (receipt["deleted"], receipt["sequence"]) == (2, 0)
    assert len(ids_in(admin)) == before - 2
    assert len(ids_in(tenants[1], subject="ada")) == 1


def test_writing_elsewhere_is_forbidden_whether_it_exists_or_not(tenants: Tenants, ada: bytes) -> None:
    one, two = tenants
    [mine, *_] = ids_in(one)
    for collection in ("two", "nowhere", "default"):
        form = {"subject": "eve", "collection": collection}
        assert_problem(one.post("/faces", files={"image": ada}, data=form), 403, "forbidden")
        assert_problem(one.patch(f"/faces/{mine}", json={"collection": collection}), 403, "forbidden")
    assert_problem(one.post("/demo"), 403, "forbidden")
    assert len(ids_in(two)) == 2


def test_a_job_of_another_is_answered_as_none(tenants: Tenants) -> None:
    one, two = tenants
    job = two.post("/collections/two/groups").json()["id"]
    unknown = "01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"
    for method, path in (("GET", "/jobs/{}"), ("GET", "/jobs/{}/events"), ("DELETE", "/jobs/{}")):
        hidden, none = (one.request(method, path.format(id)) for id in (job, unknown))
        assert_problem(hidden, 404, "not_found")
        assert same_but_for_names(hidden, none, job, unknown), (method, path)
    assert one.get("/jobs").json()["jobs"] == one.get("/jobs?collection=two").json()["jobs"] == []
    assert [each["id"] for each in two.get("/jobs").json()["jobs"]] == [job]
    for collection in ("two", "nowhere"):
        assert_problem(one.post(f"/collections/{collection}/groups"), 403, "forbidden")


def test_pages_are_turned_and_tell_nothing_of_how_much_others_do(tenants: Tenants, admin: httpx.Client) -> None:
    one, two = tenants
    read: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = one.get("/faces", params={"limit": 1, **cursor}).json()
        read += [face["id"] for face in page["faces"]]
        assert {face["sequence"] for face in page["faces"]} == {0}
        if page["next_cursor"] is None:
            break
        assert len(page["next_cursor"]) > 64
        cursor = {"cursor": page["next_cursor"]}
    assert read == ids_in(one)
    assert_problem(two.get("/faces", params=cursor), 422, "invalid_request")
    of_admin = admin.get("/faces?limit=1").json()
    assert of_admin["faces"][0]["sequence"] > 0
    assert_problem(one.get("/faces", params={"cursor": of_admin["next_cursor"]}), 422, "invalid_request")


@pytest.mark.usefixtures("tenants")
def test_readiness_tells_a_caller_without_a_key_nothing_of_the_faces(guarded: Guarded) -> None:
    gallery = Gallery(f"sqlite:///{guarded.place / 'facet.db'}")
    try:
        [face, *_] = gallery.page(collection="two").faces
        assert gallery.census()
    finally:
        gallery.close()
    assert face.collection == "two"
    assert guarded.client(None).get("/health/ready").json() == {"status": "ok"}


def test_the_audit_log_tells_who_what_and_how_many(guarded: Guarded, ada: bytes) -> None:
    log = guarded.place / "audit.jsonl"
    before = len(log.read_text().splitlines())
    key, token = guarded.keys.create("auditor", USUAL, ["audited"])
    client = guarded.client(token)
    face = enrol(client, ada, "a name that is nobody's business", "audited", metadata='{"city": "Paris"}')
    client.post("/search?k=5", files={"image": ada})
    client.patch(f"/faces/{face['id']}", json={"subject": "other"})
    client.get(f"/faces/{face['id']}")
    answer = client.delete("/subjects/other")
    entries = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    told = [(entry["action"], entry["key"], entry["faces"], entry.get("collection")) for entry in entries]
    assert told == [
        ("enrol", key.id, 1, "audited"),
        ("search", key.id, 1, None),
        ("change", key.id, 1, "audited"),
        ("read", key.id, 1, "audited"),
        ("erase", key.id, 1, None),
    ]
    assert entries[-1]["request"] == answer.headers["X-Request-ID"]
    assert "business" not in log.read_text()
    assert "Paris" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_key_for_searching_may_not_seed_the_demonstration(guarded: Guarded) -> None:
    assert_problem(guarded.holder(Scope.SEARCH).post("/demo"), 403, "forbidden")
    assert guarded.holder(Scope.ENROL, collections=["demo"]).post("/demo").json()["faces"] == 48


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[tuple[VisibleGallery, str, list[str]]]:
    """A gallery seen by the tenant of `mine`, the id of a face there, and what moved it into `theirs`.

    It is moved at the first moment in which no transaction of the tenant runs.
    """
    gallery, other = (Gallery(f"sqlite:///{tmp_path / 'g.db'}") for _ in range(2))
    face, moved = gallery.enrol(NewFace("ada", DummyModel().sample(1, seed=1)[0], "m1", "mine")), list[str]()

    def move(*_: Any) -> None:
        if not moved:
            moved.append("tried")
            with suppress(NotFound):
                moved.append(other.change(face.id, Amendment(collection="theirs")).id)

    event.listen(gallery.database._engine, "checkin", move)
    caller = Caller("tenant", frozenset(USUAL), frozenset({"mine"}))
    yield VisibleGallery(gallery, caller, AuditLog(tmp_path / "audit.jsonl"), "request"), face.id, moved
    gallery.close()
    other.close()


@pytest.mark.parametrize("act", ["get", "change", "delete"])
def test_nothing_is_moved_between_the_look_at_a_right_and_its_use(
    moving: tuple[VisibleGallery, str, list[str]], act: str
) -> None:
    seen, id, moved = moving
    what = {"change": (Amendment(subject="eve"),)}.get(act, ())
    try:
        result = getattr(seen, act)(id, *what)
    except NotFound:
        result = None
    assert moved
    there = {face.id: face for face in seen.gallery.page().faces}
    if act == "delete":
        assert (id in there) == (moved == ["tried", id])
    else:
        assert result is None or result.collection == "mine"
