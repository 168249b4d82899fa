"""Planted groups are found again; the result is the library's, however the faces are split up on the way."""

import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from gallery.gallery import Gallery
from gallery.jobs import grouping
from gallery.jobs.import_source import Limits
from gallery.jobs.job_kinds import work_on
from gallery.jobs.job_records import Kind, State
from gallery.jobs.runner import Runner
from gallery.records import NewFace, Page
from model.attributes import Attribute, Vector, normalized, part
from model.errors import InvalidRequest, TooLarge
from tests.gallery.jobs.pictures import embed

MakeEmbedding = Callable[[int], Vector]


def _near(center: Vector, attribute: Attribute, rng: np.random.Generator, noise: float) -> Vector:
    """A face like another in one attribute, and any in the others."""
    other = normalized(np.clip(rng.standard_normal(center.shape), -1, 1).astype(np.float32))
    vector = part(center, attribute)
    part(other, attribute)[...] = vector + noise * rng.standard_normal(vector.shape) / np.sqrt(vector.size)
    return normalized(other)


@pytest.mark.parametrize("attribute", [Attribute.IDENTITY, Attribute.EXPRESSION])
def test_planted_groups_are_found(
    sqlite_url: str, tmp_path: Path, embedding: MakeEmbedding, attribute: Attribute
) -> None:
    rng, gallery = np.random.default_rng(1), Gallery(sqlite_url)
    sizes = [12, 7, 3, 2, 1, 1]
    planted = [
        gallery.enrol_many(
            [NewFace(f"p{person}", _near(embedding(person), attribute, rng, 0.3), "m1", "c") for _ in range(size)]
        )
        for person, size in enumerate(sizes)
    ]
    gallery.enrol_many([NewFace("x", embedding(0), "other model", "c"), NewFace("x", embedding(0), "m1", "elsewhere")])
    runner = Runner(gallery.jobs, tmp_path / "jobs", work_on(gallery, embed, Limits(), False))
    parameters = {"by": attribute.value, "distance": 0.4, "min_size": 2, "model": "m1", "max_faces": 26}
    with runner.reserved() as (id, _):
        gallery.jobs.create(Kind.GROUPS, "c", parameters, id=id)
    runner.run(id)
    assert gallery.jobs.get(id).progress == {"total": 26, "done": 26, "groups": 4, "unassigned": 2}
    found = gallery.jobs.groups(id)
    assert found.groups == [[face.id for face in group] for group in planted[:4]]
    assert found.unassigned == [group[0].id for group in planted[4:]]
    with runner.reserved() as (id, _):
        gallery.jobs.create(Kind.GROUPS, "c", {**parameters, "max_faces": 25}, id=id)
    runner.run(id)
    failed = gallery.jobs.get(id)
    assert (failed.state, (failed.error or {})["code"]) == (State.FAILED, "too_large")
    with runner.reserved() as (id, _):
        gallery.jobs.create(Kind.GROUPS, "empty", parameters, id=id)
    runner.run(id)
    assert gallery.jobs.get(id).progress == {"total": 0, "done": 0, "groups": 0, "unassigned": 0}
    gallery.close()


def test_no_more_faces_are_loaded_than_are_grouped(
    sqlite_url: str, embedding: MakeEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MAX_PAGE", 5)
    with closing(Gallery(sqlite_url)) as gallery:
        gallery.enrol_many([NewFace("x", embedding(seed), "m1", "c") for seed in range(60)])
        loaded: list[int] = []
        page = gallery.page

        def noting(**options: Any) -> Page:
            found = page(**options)
            loaded.append(len(found.faces))
            return found

        monkeypatch.setattr(gallery, "page", noting)
        with pytest.raises(TooLarge) as refused:
            grouping._faces(gallery, "c", "m1", Attribute.IDENTITY, 12)
        assert refused.value.details == {"max_grouped": 12}
        assert sum(loaded) == 15
        loaded.clear()
        vectors = grouping._faces(gallery, "c", "m1", Attribute.IDENTITY, 60)
        assert {vector.nbytes for vector in vectors.values()} == {4 * 32}
        assert all(vector.base is None for vector in vectors.values())
        assert sum(loaded) == 60


@pytest.mark.parametrize("distance", [0.05, 0.3, 0.5, 0.7, 0.9])
def test_it_is_average_linkage_of_all_faces(distance: float) -> None:
    rng = np.random.default_rng(3)
    numbers = rng.standard_normal((300, 8)) + 2 * rng.standard_normal((30, 8)).repeat(10, 0)
    vectors = (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype(np.float32)
    *_, (done, hanging) = grouping._hanging_together(vectors, distance)
    assert done == 300
    ours = grouping.clusters(vectors, hanging, distance)
    tree = linkage(vectors.astype(np.float64), "average", metric="cosine")
    theirs = fcluster(tree, distance, criterion="distance")
    pairs = set(zip(ours.tolist(), theirs.tolist(), strict=True))
    assert len(pairs) == len(set(ours.tolist())) == len(set(theirs.tolist()))


def test_too_many_that_hang_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST_TOGETHER", 5)
    vectors = np.tile(np.eye(1, 32, dtype=np.float32), (6, 1))
    with pytest.raises(InvalidRequest, match="6 faces hang together"):
        grouping.clusters(vectors, np.zeros(6, np.int64), 0.1)


def _groups(gallery: Gallery, place: Path, distance: float) -> tuple[Runner, str]:
    runner = Runner(gallery.jobs, place, work_on(gallery, embed, Limits(), False))
    parameters = {"by": "identity", "distance": distance, "min_size": 2, "model": "m1", "max_faces": 1000}
    with runner.reserved() as (id, _):
        gallery.jobs.create(Kind.GROUPS, "c", parameters, id=id)
    return runner, id


def test_no_more_are_looked_at_once_too_many_hang_together(
    sqlite_url: str, tmp_path: Path, embedding: MakeEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MOST_TOGETHER", 5)
    monkeypatch.setattr(grouping, "_CHUNK", 4)
    with closing(Gallery(sqlite_url)) as gallery:
        gallery.enrol_many([NewFace("x", embedding(0), "m1", "c") for _ in range(40)])
        runner, id = _groups(gallery, tmp_path / "jobs", 0.1)
        runner.run(id)
        failed = gallery.jobs.get(id)
        assert (failed.error or {})["details"] == {"limit": 5}
        assert failed.progress == {"total": 40, "done": 4}


def test_a_grouping_over_which_the_process_ends_again_and_again_is_given_up(
    sqlite_url: str, tmp_path: Path, embedding: MakeEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins anew each time, however far it had come: that is no getting on."""
    with closing(Gallery(sqlite_url)) as gallery:
        gallery.enrol_many([NewFace("x", embedding(seed), "m1", "c") for seed in range(5)])
        runner, id = _groups(gallery, tmp_path / "jobs", 0.1)
        reached = list[int]()

        def ends(*_: Any) -> None:
            reached.append(gallery.jobs.get(id).progress["done"] or 0)
            raise SystemExit

        monkeypatch.setattr(grouping, "clusters", ends)
        for _ in range(3):
            with pytest.raises(SystemExit):
                runner.run(id)
        runner.run(id)
        assert reached == [5] * 3
        failed = gallery.jobs.get(id)
        assert (failed.state, (failed.error or {})["code"]) == (State.FAILED, "crashed_worker")


def test_neighbours_take_no_more_memory_the_more_of_them_there_are() -> None:
    vectors = np.tile(np.eye(1, 32, dtype=np.float32), (20_000, 1))
    tracemalloc.start()
    try:
        next(grouping._hanging_together(vectors, 1.9))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The products of 256 faces with all are 20 MB of it; all 5 million pairs at once would take 240 MB.
    assert peak < 120e6
