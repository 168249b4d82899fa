"""The faces of a collection brought together over HTTP."""

from pathlib import Path

import httpx
import pytest

from tests.faces import draw_face, jpeg
from tests.service.asking import assert_problem, enrol
from tests.service.routes.test_jobs import report
from tests.service.serving import dummy_app, serving


def test_pictures_of_one_face_are_one_group(client: httpx.Client, collection: str) -> None:
    ids = [
        [enrol(client, jpeg(draw_face(seed=seed), quality), "?", collection)["id"] for quality in (95, 85, 90)]
        for seed in (1, 2)
    ]
    answer = client.post(f"/collections/{collection}/groups", params={"distance": 0.02})
    assert answer.status_code == 202
    job = report(client, answer.json())
    assert job["progress"] == {"total": 6, "done": 6, "groups": 2, "unassigned": 0}
    assert sorted(job["groups"]) == sorted(ids)
    assert job["unassigned"] == []
    client.delete(f"/faces/{ids[0][0]}")
    assert sorted(map(sorted, client.get(f"/jobs/{job['id']}").json()["groups"])) == sorted(
        map(sorted, [ids[0][1:], ids[1]])
    )


def test_identities_have_a_calibrated_distance_and_expressions_have_none(client: httpx.Client, collection: str) -> None:
    assert client.post(f"/collections/{collection}/groups").status_code == 202
    assert_problem(
        client.post(f"/collections/{collection}/groups", params={"by": "expression"}), 422, "invalid_request"
    )
    expression = client.post(f"/collections/{collection}/groups", params={"by": "expression", "distance": 0.3})
    job = report(client, expression.json())
    assert (job["state"], job["groups"], job["progress"]["total"]) == ("done", [], 0)


@pytest.mark.parametrize(
    "parameters", [{"by": "pose"}, {"distance": 0}, {"distance": "nan"}, {"min_size": 1}, {"by": ""}]
)
def test_what_makes_no_sense_is_refused(client: httpx.Client, collection: str, parameters: dict[str, str]) -> None:
    assert_problem(client.post(f"/collections/{collection}/groups", params=parameters), 422, "invalid_request")


def test_a_collection_of_a_bad_name_is_refused(client: httpx.Client) -> None:
    assert_problem(client.post("/collections/a%20b/groups"), 422, "invalid_request")


def test_so_many_jobs_of_a_collection_wait_and_no_more(tmp_path: Path) -> None:
    with serving(dummy_app(tmp_path, max_jobs=2, runs_jobs=False)) as client:
        begun = [client.post("/collections/c/groups") for _ in range(2)]
        assert [answer.status_code for answer in begun] == [202, 202]
        for path in ("/collections/c/groups", "/collections/c/reembed", "/jobs/import?collection=c"):
            refused = client.post(path, content=b"?", headers={"Content-Type": "application/zip"})
            assert_problem(refused, 503, "busy")
            assert int(refused.headers["Retry-After"]) == 60
        assert client.post("/collections/other/groups").status_code == 202
        client.delete(begun[0].headers["Location"])
        assert client.post("/collections/c/groups").status_code == 202
        assert len(list((tmp_path / "jobs").iterdir())) == 4
