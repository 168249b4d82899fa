"""Enrolled faces of another model brought to the present one, from the command line."""

from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from facet.cli import app
from gallery.gallery import Gallery
from gallery.records import NewFace
from model.engine.dummy import DummyModel
from model.images.encode import encode_png
from tests.service.serving import dummy_app, serving


def _enrol(url: str) -> list[str]:
    """Forty faces of another model of which a picture was kept, three without, two of the present model."""
    model, gallery = DummyModel(), Gallery(url)
    vectors = model.sample(45, seed=1)
    pictures = [encode_png(picture, None) for picture in model.render(vectors)]
    old = [
        NewFace(
            f"s{n}",
            np.roll(vectors, 1, axis=0)[n],
            "old",
            collection="even" if n % 2 == 0 else "odd",
            metadata={"n": n},
            crop=pictures[n] if n < 40 else None,
        )
        for n in range(43)
    ]
    enrolled = gallery.enrol_many([*old, *(NewFace("new", vectors[n], model.id) for n in (43, 44))])
    gallery.close()
    return [face.id for face in enrolled]


def test_faces_get_the_embedding_that_the_present_model_makes_of_their_picture(tmp_path: Path) -> None:
    model, url = DummyModel(), f"sqlite:///{tmp_path / 'facet.db'}"
    ids = _enrol(url)
    command = ["gallery", "reembed", "--model", "dummy", "--data-dir", str(tmp_path)]
    for changed in (40, 0):
        result = CliRunner().invoke(app, command)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout == f"{changed} faces are of dummy-1 now; 3 are still of other models\n"
    gallery = Gallery(url)
    assert gallery.census() == {"old": 3, model.id: 42}
    expected = model.embed(model.render(model.sample(45, seed=1)))
    for n in range(40):
        face = gallery.get(ids[n])
        assert (face.model, face.subject, face.metadata) == (model.id, f"s{n}", {"n": n})
        assert face.embedding.tobytes() == expected[n].tobytes()
    assert gallery.get(ids[41]).model == "old"
    gallery.close()


def test_a_kept_picture_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'facet.db'}"
    ids = _enrol(url)
    gallery = Gallery(url)
    broken = gallery.enrol(NewFace("broken", DummyModel().sample(1, seed=2)[0], "old", "even", crop=b"no picture"))
    gallery.close()
    result = CliRunner().invoke(app, ["gallery", "reembed", "--model", "dummy", "--data-dir", str(tmp_path)])
    assert result.stdout == "40 faces are of dummy-1 now; 4 are still of other models\n"
    assert result.stderr.startswith(f"{broken.id}: ")
    assert result.stderr.count("\n") == 1
    assert broken.id not in ids


def test_readiness_tells_of_faces_that_the_command_brings_up_to_date(tmp_path: Path) -> None:
    _enrol(f"sqlite:///{tmp_path / 'facet.db'}")
    with serving(dummy_app(tmp_path)) as client:
        before = client.get("/health/ready")
        assert before.status_code == 200
        assert before.json()["note"].startswith("43 enrolled faces are of other models")
        result = CliRunner().invoke(app, ["gallery", "reembed", "--model", "dummy", "--data-dir", str(tmp_path)])
        assert result.stdout == "40 faces are of dummy-1 now; 3 are still of other models\n"
        assert client.get("/health/ready").json()["note"].startswith("3 enrolled faces")
