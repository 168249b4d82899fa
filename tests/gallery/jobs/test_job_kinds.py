"""What each kind of job asks of the model."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gallery.gallery import Gallery
from gallery.jobs.import_source import Limits
from gallery.jobs.importing import Embedded
from gallery.jobs.job_kinds import ARCHIVE, Wanted, work_on
from gallery.jobs.job_records import Kind, State
from gallery.jobs.runner import Runner
from gallery.records import NewFace
from model.engine.dummy import DummyModel
from model.errors import FacetError
from tests.gallery.jobs.pictures import people, zipped

MakeFace = Callable[..., NewFace]


@pytest.mark.parametrize(
    ("kind", "parameters", "asked"),
    [
        (Kind.IMPORT, {"strip": 0, "align": "auto"}, Wanted("auto", True, measured=True)),
        (
            Kind.IMPORT,
            {"strip": 0, "align": "none", "min_quality": 0.3},
            Wanted("none", True, measured=True, min_quality=0.3),
        ),
        (Kind.REEMBED, {"model": "m2"}, Wanted("none", model="m2")),
    ],
)
def test_a_face_is_stored_under_the_model_that_embedded_it(
    gallery: Gallery,
    new: MakeFace,
    tmp_path: Path,
    kind: Kind,
    parameters: dict[str, object],
    asked: Wanted,
) -> None:
    calls = set[Wanted]()

    def embed(pictures: Sequence[bytes], wanted: Wanted) -> Sequence[Embedded | FacetError]:
        calls.add(wanted)
        # Where any will do, that of another worker may have been asked each time.
        models = [asked.model or f"m{1 + number % 2}" for number, _ in enumerate(pictures)]
        return [Embedded(DummyModel().sample(1, number)[0], model, 0.5) for number, model in enumerate(models)]

    gallery.enrol(new(1, collection="c", crop=b"kept"))
    runner = Runner(gallery.jobs, tmp_path / "jobs", work_on(gallery, embed, Limits(), True))
    with runner.reserved() as (id, folder):
        (folder / ARCHIVE).write_bytes(zipped(people(2)))
        gallery.jobs.create(kind, "c", parameters, id=id)
    runner.run(id)
    assert gallery.jobs.get(id).state is State.DONE
    assert calls == {asked}
    expected = {"m1", "m2"} if kind is Kind.IMPORT else {"m2"}
    assert {face.model for face in gallery.page(collection="c").faces} == expected
