"""What programs get without HTTP: the same as over it, for one face and for many."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import facet
from facet.library import Drawing, Facet
from facet_client import Client
from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, part
from model.calibration import Calibration
from model.checkpoint import save_checkpoint
from model.edits import Edit
from model.errors import (
    FacetError,
    ImpossibleEdit,
    InvalidEmbedding,
    InvalidRequest,
    NoFace,
    UnknownAttribute,
    UnreadableFile,
    UnsupportedImage,
)
from model.images.ssim import ssim
from tests.faces import draw_face, jpeg, png
from tests.service.asking import pixels, vector, xmp
from tests.service.serving import dummy_app, serving
from tests.tiny import TINY, tiny_model

ADA, BOB = draw_face(seed=1), draw_face(seed=2)
WALL = np.full((200, 200, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serving(dummy_app(tmp_path_factory.mktemp("data"))) as client, Client(str(client.base_url)) as connected:
        yield connected


def test_torch_is_imported_when_a_model_is_loaded() -> None:
    program = "import sys, facet, facet.settings; assert not {'torch', 'cv2', 'faiss', 'fastapi'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_picture_may_come_in_any_form(model: Facet, tmp_path: Path) -> None:
    (tmp_path / "ada.png").write_bytes(png(ADA))
    image = Image.fromarray(ADA)
    forms = [tmp_path / "ada.png", str(tmp_path / "ada.png"), png(ADA), image, ADA, np.asarray(image)]
    embeddings = model.embed(forms)
    assert embeddings.shape == (len(forms), EMBEDDING_SIZE)
    assert (embeddings == embeddings[0]).all()
    for form in forms:
        np.testing.assert_array_equal(model.embed(form), embeddings[0])
    np.testing.assert_array_equal(model.embed(np.stack([ADA, BOB])), model.embed(iter([ADA, BOB])))
    grey = np.asarray(image.convert("L"))
    np.testing.assert_array_equal(model.embed(grey), model.embed(np.repeat(grey[..., None], 3, -1)))
    clear = Image.fromarray(np.dstack([ADA, np.zeros(ADA.shape[:2], np.uint8)]))
    assert model.crop(clear, align="none").min() == 255
    assert model.embed([]).shape == (0, EMBEDDING_SIZE)


def test_the_answers_are_those_of_the_service(model: Facet, service: Client) -> None:
    ada, bob = jpeg(ADA), jpeg(BOB)
    [face], answer = model.faces(ada), service.embed(ada)["images"][0]["faces"][0]
    np.testing.assert_array_equal(face.embedding, vector(dict(answer["embedding"])))
    assert (list(face.box), face.pose_degrees, face.expression) == (
        answer["box"],
        answer["pose_degrees"],
        answer["expression"]["probabilities"],
    )
    drawn, other = model.reconstruct(ada), service.reconstruct(ada)
    assert (drawn.png, drawn.ssim) == (other["image"], other["ssim"])
    np.testing.assert_array_equal(drawn.input, pixels(other["input"]))
    edits = [{"attribute": "pose", "set": {"yaw": 20}}, {"attribute": "expression", "preset": "happiness"}]
    for paste in (False, True):
        assert model.edit(ada, edits, paste=paste).png == service.edit(ada, edits, paste=paste)
    taken = service.edit(ada, [{"attribute": "identity", "from": "source:0", "amount": 0.5}], sources=[bob])
    assert model.edit(ada, [{"attribute": "identity", "from": bob, "amount": 0.5}]).png == taken
    assert [face.png for face in model.generate(2, seed=7)] == [face["image"] for face in service.generate(2, seed=7)]
    kept = [face["image"] for face in service.generate(2, seed=7, image=ada, keep=["identity"])]
    assert [face.png for face in model.generate(2, seed=7, like=ada, keep=["identity"])] == kept
    verdict, said = model.verify(ada, bob), service.verify(ada, bob)
    assert {name: value for name, value in said.items() if name != "similarities"} == {
        "same_person": verdict.same_person,
        "probability": verdict.probability,
        "threshold": verdict.threshold,
    }
    assert verdict.similarities == pytest.approx(said["similarities"])


def test_many_faces_are_a_list_and_one_is_one(model: Facet) -> None:
    one, many = model.reconstruct(ADA), model.reconstruct([ADA, model.embed(BOB), model.generate(1, seed=1)[0]])
    assert isinstance(one, Drawing)
    assert [drawing.ssim is None for drawing in many] == [False, True, True]
    np.testing.assert_array_equal(many[0].pixels, one.pixels)
    np.testing.assert_array_equal(many[1].pixels, model.reconstruct(BOB).pixels)
    embeddings = model.sample(3, seed=2)
    np.testing.assert_array_equal(model.render(embeddings)[1], model.render(embeddings[1]))
    turned = model.edit(embeddings, [Edit(Attribute.POSE, set={"yaw": 20.0})])
    for drawing, before in zip(turned, embeddings, strict=True):
        assert np.degrees(drawing.embedding[1]) == pytest.approx(20)
        for attribute in (Attribute.IDENTITY, Attribute.EXPRESSION, Attribute.STYLE):
            np.testing.assert_array_equal(part(drawing.embedding, attribute), part(before, attribute))


def test_what_is_drawn_says_so_in_every_form(model: Facet, tmp_path: Path) -> None:
    [face] = model.generate(1, seed=1)
    saved = face.save(tmp_path / "below" / "face.png").read_bytes()
    assert saved == face.png == face._repr_png_()
    assert "/trainedAlgorithmicMedia" in xmp(saved)
    assert "/trainedAlgorithmicMedia" in face.image.info["XML:com.adobe.xmp"]
    np.testing.assert_array_equal(np.asarray(face.image), face.pixels)
    pasted = model.edit(ADA, [{"attribute": "style", "from": BOB}], paste=True)
    assert "/compositeWithTrainedAlgorithmicMedia" in xmp(pasted.png)
    assert pasted.pixels.shape == ADA.shape
    several = model.generate(10, seed=1)
    size = model.image_size
    assert "/trainedAlgorithmicMedia" in xmp(several.sheet())
    assert pixels(several.sheet(5)).shape == (2 * size, 5 * size, 3)
    np.testing.assert_array_equal(pixels(several.sheet(5))[size:, -size:], several[9].pixels)
    shown = Image.open(BytesIO(several._repr_jpeg_() or b""))
    assert (shown.format, shown.size) == ("JPEG", (8 * size, 2 * size))
    assert b"/trainedAlgorithmicMedia" in shown.info["xmp"]
    np.testing.assert_allclose(np.asarray(shown)[:size, :size], several[0].pixels, atol=40)
    assert model.edit([], [])._repr_jpeg_() is None


def test_of_many_pictures_one_that_fails_says_why_and_the_rest_goes_on(model: Facet, tmp_path: Path) -> None:
    pictures = [ADA, WALL, tmp_path / "nothing.jpg", b"no picture", BOB]
    found = list(model.each(pictures))
    assert [type(item.error) for item in found] == [type(None), NoFace, UnreadableFile, UnsupportedImage, type(None)]
    np.testing.assert_array_equal(found[4].embedding, model.embed(BOB))
    with pytest.raises(NoFace, match=r"^picture 1: "):
        model.embed([ADA, WALL])
    with pytest.raises(NoFace, match=r"^No face"):
        model.embed(WALL)
    with pytest.raises(NoFace):
        found[1].checked()


def test_an_endless_row_of_pictures_is_taken_as_it_is_needed(model: Facet) -> None:
    taken = itertools.count()
    crops = [png(face.pixels) for face in model.generate(3, seed=5)]
    endless = (crops[next(taken) % 3] for _ in itertools.repeat(None))
    found = model.each(endless, align="none")
    embeddings = np.stack([next(found).embedding for _ in range(200)])
    found.close()
    np.testing.assert_array_equal(embeddings, model.embed(crops, align="none")[np.arange(200) % 3])
    assert next(taken) < 200 + 64 * 5


@pytest.mark.parametrize(
    ("face", "error"),
    [
        (np.zeros((10, 10, 4), np.uint8), UnsupportedImage),
        (np.zeros((20, 20, 3), np.int32), UnsupportedImage),
        (np.zeros((64, 64, 3), np.float32), InvalidEmbedding),
        (np.zeros(EMBEDDING_SIZE, np.float32), InvalidEmbedding),
        (np.ones(EMBEDDING_SIZE - 1, np.float32), InvalidEmbedding),
        ({"pose": [0.0, 0.0, 0.0]}, InvalidEmbedding),
        (7, UnsupportedImage),
    ],
)
def test_what_is_no_face_is_refused_in_words(model: Facet, face: object, error: type[FacetError]) -> None:
    with pytest.raises(error):
        model.embed(face)  # type: ignore[arg-type]


def test_what_cannot_be_done_is_refused_in_words(model: Facet) -> None:
    for count, seed in [(0, 1), (1, -1), (1, 2**32)]:
        with pytest.raises(InvalidRequest):
            model.generate(count, seed=seed)
    with pytest.raises(ImpossibleEdit):
        model.generate(1, keep=["identity"])
    with pytest.raises(UnknownAttribute):
        model.edit(ADA, [{"attribute": "mood", "preset": "happiness"}])
    with pytest.raises(ImpossibleEdit):
        model.edit(ADA, [{"attribute": "style", "form": BOB}])
    with pytest.raises(ImpossibleEdit):
        model.edit(model.embed(ADA), [{"attribute": "identity"}])


def test_a_model_may_read_at_one_size_and_draw_at_another(tmp_path: Path) -> None:
    path = tmp_path / "two-sizes.safetensors"
    save_checkpoint(path, "two-sizes", tiny_model(config=replace(TINY, finer_channels=(8,))), Calibration(), {})
    with facet.load(path, device="cpu", precision="float32") as model:
        assert (model.read_size, model.image_size) == (64, 128)
        for picture in (ADA, png(ADA)):
            drawn = model.reconstruct(picture)
            assert drawn.input.shape == drawn.pixels.shape == (128, 128, 3)
            assert drawn.ssim == pytest.approx(ssim(drawn.input, drawn.pixels))
        read = model.embed(model.crop(ADA), align="none")
        np.testing.assert_allclose(read, model.embed(ADA), atol=1e-5)
        np.testing.assert_allclose(model.embed(drawn.pixels, align="none"), model.embed(drawn.image, align="none"))


def test_parts_may_come_by_name(model: Facet) -> None:
    embedding = model.embed(ADA)
    parts = {str(name): part(embedding, name).tolist() for name in SPACES}
    np.testing.assert_allclose(model.embed(parts), embedding, atol=1e-7)


def test_a_drawing_opens_in_pillow(model: Facet) -> None:
    [face] = model.generate(1, seed=3)
    assert Image.open(BytesIO(face.png)).size == (model.image_size, model.image_size)
