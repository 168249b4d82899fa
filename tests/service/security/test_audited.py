"""What is done beside the usual routes is in the audit log too."""

import json
from pathlib import Path

import httpx

from service.playground.demo_gallery import COLLECTION, NAMES, PICTURES
from service.security.scopes import Scope
from tests.service.security.guarded import Guarded
from tests.service.serving import dummy_app, serving


def noted(place: Path, answer: httpx.Response) -> list[tuple[str, int, str | None]]:
    """The actions of a request in the log, with how many faces and where."""
    lines = map(json.loads, (place / "audit.jsonl").read_text().splitlines())
    mine = [line for line in lines if line["request"] == answer.headers["X-Request-ID"]]
    return [(line["action"], line["faces"], line.get("collection")) for line in mine]


def test_seeding_the_demonstration_is_noted_as_enrolment(guarded: Guarded) -> None:
    owner = guarded.holder(Scope.ENROL)
    answer = owner.post("/demo")
    assert ("enrol", len(NAMES) * PICTURES, COLLECTION) in noted(guarded.place, answer)
    again = owner.post("/demo")
    assert "enrol" not in {action for action, _, _ in noted(guarded.place, again)}


def test_cancelling_a_job_is_noted_once(tmp_path: Path) -> None:
    with serving(dummy_app(tmp_path, runs_jobs=False)) as client:
        job = client.post("/collections/audited/groups").json()["id"]
        cancelled = client.delete(f"/jobs/{job}")
        assert cancelled.json()["state"] == "cancelled"
        assert noted(tmp_path, cancelled) == [("cancel", 0, "audited")]
        assert noted(tmp_path, client.delete(f"/jobs/{job}")) == []
