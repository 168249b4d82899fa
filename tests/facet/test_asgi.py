import subprocess
import sys
from pathlib import Path

import pytest

from facet.asgi import create_app
from facet.settings import Settings
from gallery.gallery import Gallery
from model.errors import InvalidRequest
from tests.faces import draw_face, jpeg
from tests.service.asking import enrol
from tests.service.serving import dummy_app, serving


def test_faces_survive_a_restart(tmp_path: Path) -> None:
    pictures = [jpeg(draw_face(seed=seed)) for seed in range(3)]
    with serving(dummy_app(tmp_path)) as client:
        faces = [enrol(client, picture, "ada", "default") for picture in pictures]
        client.delete(f"/faces/{faces[2]['id']}")
    with serving(dummy_app(tmp_path)) as client:
        assert client.get("/faces").json()["faces"] == faces[:2]
        found = client.post("/search", files={"image": pictures[1]}).json()
        assert found["searched"] == 2
        assert found["results"][0]["id"] == faces[1]["id"]
        assert found["results"][0]["similarity"] == pytest.approx(1, abs=1e-5)


def test_the_data_directory_is_made(tmp_path: Path) -> None:
    create_app(Settings(model="dummy", data_dir=tmp_path / "new" / "place")).state.gallery.close()
    assert (tmp_path / "new" / "place" / "facet.db").is_file()


def test_crops_are_kept_only_where_they_are_wanted(tmp_path: Path) -> None:
    ids = {}
    for keep in (False, True):
        with serving(dummy_app(tmp_path, keep_crops=keep)) as client:
            ids[keep] = enrol(client, jpeg(draw_face()), "ada", "default")["id"]
    gallery = Gallery(f"sqlite:///{tmp_path / 'facet.db'}")
    assert gallery.crop(ids[False]) is None
    crop = gallery.crop(ids[True])
    assert crop is not None
    assert crop.startswith(b"\x89PNG")
    gallery.close()


def test_limits_reach_the_decoder(tmp_path: Path) -> None:
    with serving(dummy_app(tmp_path, max_image_pixels=100 * 100)) as client:
        answer = client.post("/embed", files={"image": jpeg(draw_face(size=200))})
        assert (answer.status_code, answer.json()["code"]) == (413, "image_too_large")


def test_what_this_version_cannot_do_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        create_app(Settings.load(model="dummy", data_dir=tmp_path, faiss_device="gpu"))


def test_a_process_that_searches_without_faiss_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = dict(sys.modules)
    for name in loaded:
        if name.startswith(("gallery.index", "gallery.gallery", "worker.search")):
            parent, _, child = name.rpartition(".")
            # Set to what it is, so that it is set back in the end: an import anew puts another module there.
            monkeypatch.setattr(loaded[parent], child, loaded[name])
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InvalidRequest, match=r"facet\[cpu\], or facet\[gpu\]"):
        create_app(Settings(model="dummy", data_dir=tmp_path))


def test_the_dummy_needs_no_torch(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from facet.asgi import create_app\n"
        "from facet.settings import Settings\n"
        "create_app(Settings(model='dummy', data_dir=Path(sys.argv[1])))\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=60)
