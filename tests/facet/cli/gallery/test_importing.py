"""Pictures and collections into the gallery and out of it, from the command line."""

import json
import signal
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from facet.cli import app
from gallery.gallery import Gallery
from gallery.jobs.job_records import State
from gallery.records import NewFace
from model.engine.dummy import DummyModel
from tests.faces import draw_face, jpeg, png
from tests.gallery.jobs.pictures import folder_of, zipped
from tests.processes import FACET, ROOT, wait_until
from tests.service.serving import dummy_app, serving


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {**{f"p{n // 2}/{n}.jpg": jpeg(draw_face(seed=n)) for n in range(6)}, "p0/words.txt": b"x"}


@pytest.fixture(autouse=True)
def _dummy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACET_MODEL", "dummy")


def test_a_folder_an_archive_and_parquet_go_in_and_out(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder, archive, exported = folder_of(tmp_path / "in", files), tmp_path / "in.zip", tmp_path / "out.parquet"
    archive.write_bytes(zipped(files))
    here = ["--data-dir", str(tmp_path / "data")]
    first = CliRunner().invoke(app, ["import", str(folder), "--collection", "c", *here])
    assert (first.exit_code, first.stdout) == (0, "enrolled 6 faces; 0 were there already, 1 files failed\n")
    assert first.stderr == "p0/words.txt: The bytes are no JPEG, PNG or WebP picture; convert it to one of these.\n"
    again = CliRunner().invoke(app, ["import", str(archive), "--collection", "c", *here])
    assert again.stdout == "enrolled 0 faces; 6 were there already, 1 files failed\n"
    out = CliRunner().invoke(app, ["export", "--collection", "c", "--to", str(exported), *here])
    assert (out.exit_code, out.stdout) == (0, f"wrote 6 faces to {exported}\n")
    there = ["--data-dir", str(tmp_path / "other")]
    for expected in ("enrolled 6 faces; 0 were there already\n", "enrolled 0 faces; 6 were there already\n"):
        assert CliRunner().invoke(app, ["import", str(exported), *there]).stdout == expected
    galleries = [Gallery(f"sqlite:///{tmp_path / name / 'facet.db'}") for name in ("data", "other")]
    one, two = ([(face.id, face.embedding.tobytes()) for face in gallery.page().faces] for gallery in galleries)
    assert one == two
    for gallery in galleries:
        gallery.close()


def test_a_folder_and_an_archive_go_into_a_running_service(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder, archive = folder_of(tmp_path / "in", files), tmp_path / "in.zip"
    archive.write_bytes(zipped(files))
    with serving(dummy_app(tmp_path / "data")) as client:
        for source, enrolled in ((folder, 6), (archive, 0)):
            result = CliRunner().invoke(app, ["import", str(source), "--url", str(client.base_url)])
            assert result.stdout == f"enrolled {enrolled} faces; {6 - enrolled} were there already, 1 files failed\n"
            assert "words.txt: " in result.stderr
        assert len(client.get("/faces").json()["faces"]) == 6


def test_faces_below_the_least_quality_are_named(tmp_path: Path, files: dict[str, bytes]) -> None:
    drawn = DummyModel().render(DummyModel().sample(1, 3))[0]
    folder = folder_of(tmp_path / "in", {"ada/drawn.png": png(drawn), "p0/0.jpg": files["p0/0.jpg"]})
    asked = ["import", str(folder), "--align", "none", "--min-quality", "0.15"]
    with serving(dummy_app(tmp_path / "there")) as client:
        for place in (["--data-dir", str(tmp_path / "here")], ["--url", str(client.base_url)]):
            result = CliRunner().invoke(app, [*asked, *place])
            assert result.stdout == "enrolled 1 faces; 0 were there already, 1 files failed\n"
            assert "p0/0.jpg: The face's quality is 0." in result.stderr
            assert "below 0.15" in result.stderr
    (tmp_path / "in.parquet").touch()
    refused = CliRunner().invoke(app, [*asked[:1], str(tmp_path / "in.parquet"), *asked[4:]])
    assert refused.exit_code == 2
    assert "no pictures to measure" in " ".join(refused.stderr.replace("│", " ").split())


def test_a_collection_of_a_running_service_is_exported_as_it_is_there(tmp_path: Path) -> None:
    data, model = tmp_path / "data", DummyModel()
    data.mkdir()
    gallery = Gallery(f"sqlite:///{data / 'facet.db'}")
    vectors = model.sample(231, seed=1)
    gallery.enrol_many(
        [NewFace(f"s{n}", vectors[n], model.id, "c", {"ü": [n, 0.1]}, None if n % 2 else n / 231) for n in range(230)]
    )
    gallery.enrol(NewFace("x", vectors[230], model.id, "d"))
    gallery.close()
    here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
    CliRunner().invoke(app, ["export", "--collection", "c", "--to", str(here), "--data-dir", str(data)])
    with serving(dummy_app(data)) as client:
        command = ["export", "--collection", "c", "--url", str(client.base_url), "--to"]
        result = CliRunner().invoke(app, [*command, str(there)])
        assert (result.exit_code, result.stdout) == (0, f"wrote 230 faces to {there}\n")
        refused = CliRunner().invoke(app, [*command, str(tmp_path)])
        assert refused.exit_code == 1
        refused = CliRunner().invoke(app, ["import", str(there), "--url", str(client.base_url)])
        assert refused.exit_code == 2
        assert "read where the database is" in refused.stderr
    assert pq.read_table(there).equals(pq.read_table(here))


def test_what_cannot_be_imported_is_one_line(tmp_path: Path) -> None:
    here = ["--data-dir", str(tmp_path / "data")]
    for name, code in (("x.zip", 1), ("x.parquet", 1), ("none", 2)):
        if name != "none":
            (tmp_path / name).write_bytes(b"hello")
        result = CliRunner().invoke(app, ["import", str(tmp_path / name), *here])
        assert result.exit_code == code
        assert code == 2 or (result.stderr.startswith("facet: ") and result.stderr.count("\n") == 1)
    result = CliRunner().invoke(
        app, ["export", "--to", str(tmp_path / "a.parquet"), "--data-dir", str(tmp_path / "no")]
    )
    assert (result.exit_code, result.stderr) == (1, f"facet: there is no gallery in {tmp_path / 'no'}\n")


def test_a_killed_import_goes_on_in_the_next_process(tmp_path: Path, files: dict[str, bytes]) -> None:
    many = {f"p/{n}.jpg": files["p0/0.jpg"] + json.dumps(n).encode() for n in range(400)}
    folder, data = folder_of(tmp_path / "in", many), tmp_path / "data"
    command = [*FACET, "import", str(folder), "--data-dir", str(data)]
    gallery = Gallery(f"sqlite:///{data / 'facet.db'}")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: any(job.progress.get("enrolled") for job in gallery.jobs.page()))
        process.send_signal(signal.SIGKILL)
    [job] = gallery.jobs.page()
    assert job.state is State.RUNNING
    with serving(dummy_app(data)):
        wait_until(lambda: gallery.jobs.get(job.id).state.final)
    assert gallery.jobs.get(job.id).progress == {
        **{"total": 400, "done": 400, "enrolled": 400},
        **{"duplicates": 0, "failed": 0},
    }
    gallery.close()
