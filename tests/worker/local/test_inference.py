"""Inference in this process, on the dummy model and the detector that needs no file."""

import asyncio
import math
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from model.attributes import POSE_ANGLES, Attribute, part, similarities
from model.engine.backend import Pixels
from model.engine.dummy import DummyModel
from model.errors import (
    FacetError,
    ImageTooLarge,
    InvalidCheckpoint,
    NoFace,
    Unavailable,
    UnreadableImage,
    UnsupportedImage,
)
from model.faces.alignment import crop, frame_of, whole_frame
from model.faces.detector import Detection, load_detector
from model.images.decode import decode
from tests.faces import draw_face, jpeg, png
from tests.worker.inprocess import FACE, LIMITS, MODEL, NOBODY, OTHER, PAIR, answer, embedding_of, faces_in, seen
from worker.interface import Align, Face
from worker.local.aligner import AlignedFace, Aligner
from worker.local.inference import LocalInference


def test_embed_is_decode_detect_align_and_the_model() -> None:
    [face] = faces_in(FACE)
    np.testing.assert_array_equal(face.embedding, MODEL.embed(seen(FACE)[None])[0])
    x, y, width, height = face.box
    assert x < 80 < 120 < x + width  # the eyes, of a face drawn in the middle of 200 pixels
    assert y < 90 < 145 < y + height
    assert 0 < face.score < 1
    assert face.landmarks is not None
    (left, _), (right, _), (nose, below), *_ = face.landmarks
    assert x < left < nose < right < x + width
    assert y < below < y + height
    pose = part(face.embedding, Attribute.POSE)
    assert face.pose_degrees == pytest.approx(dict(zip(POSE_ANGLES, np.degrees(pose).tolist(), strict=True)), abs=1e-4)
    assert sum(face.expression.values()) == pytest.approx(1.0)
    assert face.label == max(face.expression, key=face.expression.__getitem__)


def test_each_picture_has_its_own_answer() -> None:
    images = [FACE, b"no picture", NOBODY, b"", FACE[:500], bytes(LIMITS.max_bytes + 1), OTHER]
    found = answer(lambda inference: inference.embed(images))
    assert [type(result) for result in found[1:-1]] == [
        UnsupportedImage,
        NoFace,
        UnreadableImage,
        UnreadableImage,
        ImageTooLarge,
    ]
    np.testing.assert_array_equal(found[0][0].embedding, embedding_of(FACE))
    np.testing.assert_array_equal(found[-1][0].embedding, embedding_of(OTHER))
    assert answer(lambda inference: inference.embed([])) == []


def test_faces_come_largest_first_up_to_the_number_asked() -> None:
    [larger, smaller] = faces_in(PAIR, max_faces=100)
    assert larger.box[2] > 1.3 * smaller.box[2]
    assert larger.box[0] < 200 <= smaller.box[0]
    [only] = faces_in(PAIR)
    np.testing.assert_array_equal(only.embedding, larger.embedding)


def test_align_none_takes_the_middle_square_as_it_is() -> None:
    wide = np.pad(draw_face(64, seed=1), ((0, 0), (10, 20), (0, 0)))
    [face] = faces_in(png(wide), align="none")
    assert face.box == (15.0, 0.0, 64.0, 64.0)
    assert face.score == 1.0
    assert face.landmarks is None
    np.testing.assert_array_equal(face.embedding, MODEL.embed(crop(wide, whole_frame(wide), 64)[None])[0])
    assert faces_in(NOBODY, align="none")[0].box == (0.0, 0.0, 120.0, 120.0)


def test_crops_and_other_pictures_of_one_call_keep_their_order() -> None:
    crops = [draw_face(64, seed=seed) for seed in range(4)]
    wide = np.pad(crops[2], ((0, 0), (10, 20), (0, 0)))
    images = [png(crops[0]), png(crops[1]), png(wide), b"no picture", png(crops[3])]
    found = answer(lambda inference: inference.embed(images, align="none"))
    assert isinstance(found.pop(3), UnsupportedImage)
    expected = [*crops[:2], crop(wide, whole_frame(wide), 64), crops[3]]
    for [face], pixels in zip(found, expected, strict=True):
        np.testing.assert_array_equal(face.embedding, MODEL.embed(pixels[None])[0])


@pytest.mark.parametrize("at_once", [0, 3, 4])
def test_small_pictures_are_answered_alike_by_the_loop_and_by_the_threads(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.local.aligner.PIXELS_AT_ONCE", at_once * 64**2)
    decoded = Counter[str]()

    class Noting(Aligner):
        def at_once(self, images: Sequence[bytes], show: bool = False) -> list[list[AlignedFace]]:
            found = super().at_once(images, show)
            decoded["loop"] += len(found)
            return found

        def faces(self, data: bytes, align: Align, max_faces: int, show: bool = False) -> list[AlignedFace]:
            decoded["pool"] += 1
            return super().faces(data, align, max_faces, show)

    monkeypatch.setattr("worker.local.inference.Aligner", Noting)
    crops = [draw_face(64, seed=seed) for seed in range(4)]
    found = answer(lambda inference: inference.embed([png(each) for each in crops], align="none"))
    assert (decoded["loop"], decoded["pool"]) == (at_once, 4 - at_once)
    for [face], pixels in zip(found, crops, strict=True):
        np.testing.assert_array_equal(face.embedding, MODEL.embed(pixels[None])[0])


class TiltedDetector:
    """Finds a face in the middle, lying on its side."""

    name = "tilted"
    longest = 640
    shared = False

    def detect(self, _: Pixels, at_most: int | None = None) -> list[Detection]:
        upright = np.array([[-20, -20], [20, -20], [0, 0], [-15, 20], [15, 20]], np.float32)
        turned = upright @ np.array([[0, 1], [-1, 0]], np.float32)  # a quarter, clockwise
        return [Detection((50.0, 50.0, 100.0, 100.0), 0.5, turned + 100)][:at_most]


def test_roll_in_the_photograph_is_that_of_the_crop_and_of_its_frame() -> None:
    async def ask() -> tuple[list[list[Face] | FacetError], str]:
        inference = LocalInference(DummyModel, TiltedDetector)
        await inference.start()
        found, info = await inference.embed([FACE]), await inference.info()
        await inference.close()
        return found, info.detector

    [[face]], detector = asyncio.run(ask())
    assert detector == "tilted"
    assert face.landmarks[0] == pytest.approx((120, 80))  # the first eye, up and to the right of the middle
    rotation = frame_of(TiltedDetector().detect(decode(FACE, LIMITS))[0]).rotation
    assert math.degrees(rotation) == pytest.approx(60)  # what the frame turns back of the 90
    roll = float(part(face.embedding, Attribute.POSE)[POSE_ANGLES.index("roll")])
    assert face.pose_degrees["roll"] == pytest.approx(math.degrees(roll) + 60, abs=1e-4)


def test_verify_follows_the_calibration() -> None:
    for other, same in [(jpeg(decode(FACE, LIMITS)), True), (OTHER, False)]:
        verdict = answer(lambda inference, other=other: inference.verify(FACE, other))
        expected = similarities(embedding_of(FACE), embedding_of(other))
        assert verdict.similarities == pytest.approx({name: float(value) for name, value in expected.items()})
        identity = verdict.similarities[Attribute.IDENTITY]
        assert verdict.same_person is same is (identity >= verdict.threshold)
        assert verdict.threshold == MODEL.calibration.threshold
        assert verdict.probability == pytest.approx(1 / (1 + math.exp(-20.0 * (identity - 0.8))))


def test_extreme_shapes_are_answered() -> None:
    for shape in [(16, 40_000), (40_000, 16), (16, 16)]:
        image = png(np.full((*shape, 3), 120, np.uint8))
        assert isinstance(answer(lambda inference, image=image: inference.embed([image]))[0], NoFace)
        assert faces_in(image, align="none")[0].box[2:] == (16.0, 16.0)


def test_info_and_readiness_tell_the_truth() -> None:
    async def life() -> None:
        inference = LocalInference(DummyModel, load_detector)
        assert "not loaded yet" in await inference.ready()
        with pytest.raises(Unavailable, match="not loaded yet"):
            await inference.embed([FACE])
        await inference.start()
        assert await inference.ready() is None
        info = await inference.info()
        assert (info.id, info.image_size, info.detector) == ("dummy-1", 64, "facet")
        assert (info.threshold, info.slope) == (MODEL.calibration.threshold, MODEL.calibration.slope)
        assert info.presets[Attribute.EXPRESSION][:2] == ["neutral", "happiness"]
        await inference.close()
        assert "stopping" in await inference.ready()
        with pytest.raises(Unavailable, match="stopping"):
            await inference.info()
        await inference.close()

    asyncio.run(life())


def test_a_failed_start_says_why_and_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    broken = tmp_path / "detector.onnx"
    broken.write_bytes(b"no network")

    async def start() -> str:
        inference = LocalInference(DummyModel, lambda: load_detector(broken), threads=1)
        with pytest.raises(InvalidCheckpoint) as caught:
            await inference.start()
        problem = await inference.ready()
        assert str(caught.value) in problem
        await inference.close()
        return problem

    assert "could not be loaded" in asyncio.run(start())
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name.startswith(("pictures", "device"))]
