"""What inference in this process draws: reconstructions, edits, random faces."""

import asyncio
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from model.attributes import Attribute, Vector, part, similarities, split
from model.edits import Edit
from model.errors import ImpossibleEdit, InvalidEmbedding, InvalidRequest, NoFace, UnreadableImage
from model.faces.alignment import frame_of
from model.faces.detector import load_detector
from model.images.decode import decode
from model.images.encode import XMP_CHUNK, SourceType
from model.images.ssim import ssim
from tests.faces import draw_face, png
from tests.worker.inprocess import FACE, LIMITS, MODEL, NOBODY, OTHER, SMILE, answer, embedding_of, faces_in, seen
from worker.local.inference import LocalInference
from worker.stimuli.continuum import Continuum
from worker.stimuli.factorial import Factorial
from worker.stimuli.stimulus import Stimulus, Studio


def source_type(image: bytes) -> str:
    """The last word of the digital source type that a picture declares."""
    with Image.open(BytesIO(image)) as opened:
        return opened.info[XMP_CHUNK].split("digitalsourcetype/")[1].split("<")[0]


def test_a_photograph_is_reconstructed() -> None:
    drawing = answer(lambda inference: inference.reconstruct(FACE))
    np.testing.assert_array_equal(drawing.embedding, embedding_of(FACE))
    given, drawn = decode(drawing.input, LIMITS), decode(drawing.image, LIMITS)
    np.testing.assert_array_equal(given, seen(FACE))
    np.testing.assert_array_equal(drawn, MODEL.render(drawing.embedding[None])[0])
    assert drawing.ssim == ssim(given, drawn)
    assert source_type(drawing.image) == "trainedAlgorithmicMedia"


def test_an_embedding_is_drawn_and_read_back() -> None:
    embedding = MODEL.sample(1, seed=4)[0]
    drawing = answer(lambda inference: inference.reconstruct(embedding))
    assert (drawing.input, drawing.ssim) == (None, None)
    np.testing.assert_allclose(drawing.embedding, embedding, atol=1e-6)
    [again] = faces_in(drawing.image, align="none")
    for attribute, value in similarities(again.embedding, embedding).items():
        assert value > 0.99, attribute


def test_an_edit_changes_its_attribute_alone() -> None:
    edits = [Edit(Attribute.EXPRESSION, source=0)]
    drawing = answer(lambda inference: inference.edit(FACE, edits, sources=[SMILE]))
    before, source = embedding_of(FACE), embedding_of(SMILE)
    for attribute, numbers in split(drawing.embedding).items():
        expected = source if attribute is Attribute.EXPRESSION else before
        np.testing.assert_array_equal(numbers, part(expected, attribute))
    np.testing.assert_array_equal(decode(drawing.image, LIMITS), MODEL.render(drawing.embedding[None])[0])
    assert source_type(drawing.image) == SourceType.TRAINED
    assert drawing.reencoded is None


def test_embeddings_serve_as_target_and_source() -> None:
    target, source = MODEL.sample(2, seed=6)
    edits = [Edit(Attribute.IDENTITY, source=3 * source), Edit(Attribute.EXPRESSION, preset="anger")]
    drawing = answer(lambda inference: inference.edit(target, edits, reencode=True))
    np.testing.assert_allclose(part(drawing.embedding, Attribute.IDENTITY), part(source, Attribute.IDENTITY), atol=1e-6)
    np.testing.assert_allclose(part(drawing.embedding, Attribute.STYLE), part(target, Attribute.STYLE), atol=1e-6)
    anger = MODEL.calibration.presets[Attribute.EXPRESSION]["anger"]
    np.testing.assert_array_equal(part(drawing.embedding, Attribute.EXPRESSION), anger)
    np.testing.assert_array_equal(drawing.reencoded, MODEL.embed(decode(drawing.image, LIMITS)[None])[0])


def test_a_pasted_edit_is_the_photograph_but_for_the_face() -> None:
    wide = np.pad(draw_face(200, seed=1), ((30, 0), (150, 50), (0, 0)), mode="edge")
    drawing = answer(lambda inference: inference.edit(png(wide), [Edit(Attribute.POSE, set={"yaw": 9})], paste=True))
    pasted = decode(drawing.image, LIMITS)
    changed = np.argwhere((pasted != wide).any(axis=-1))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    frame = frame_of(load_detector().detect(wide)[0])
    assert pasted.shape == wide.shape
    assert (left, right) == pytest.approx((frame.center[0] - frame.side / 2, frame.center[0] + frame.side / 2), abs=4)
    assert (top, bottom) == pytest.approx((frame.center[1] - frame.side / 2, frame.center[1] + frame.side / 2), abs=4)
    assert source_type(drawing.image) == "compositeWithTrainedAlgorithmicMedia"


def test_what_cannot_be_edited_is_refused() -> None:
    embedding = MODEL.sample(1, seed=0)[0]
    for question, error, words in [
        (lambda one: one.edit(embedding, [], paste=True), ImpossibleEdit, "Only a photograph"),
        (lambda one: one.edit(FACE, [Edit(Attribute.STYLE, source=1)], sources=[OTHER]), ImpossibleEdit, "no source 1"),
        (lambda one: one.edit(FACE, [], sources=[OTHER, NOBODY]), NoFace, "`source 1`: No face"),
        (lambda one: one.edit(FACE, [], sources=[b""]), UnreadableImage, "`source 0`: "),
        (lambda one: one.edit(NOBODY, []), NoFace, "^No face"),
        (lambda one: one.edit(embedding, [Edit(Attribute.STYLE, source=embedding[:9])]), InvalidEmbedding, "not 9"),
        (lambda one: one.reconstruct(embedding[:-1]), InvalidEmbedding, "99 numbers, not 98"),
        (lambda one: one.reconstruct(embedding[None]), InvalidEmbedding, "one list"),
        (lambda one: one.reconstruct(np.full(99, 1e300)), InvalidEmbedding, "not finite"),
        (lambda one: one.reconstruct(np.zeros(99, np.float32)), InvalidEmbedding, "no direction"),
        (lambda one: one.generate(1, keep=[Attribute.STYLE]), ImpossibleEdit, "send its picture"),
        (lambda one: one.generate(0), InvalidRequest, "at least one"),
        (lambda one: one.generate(1, seed=-1), InvalidRequest, "seed from 0"),
        (lambda one: one.generate(1, seed=2**32), InvalidRequest, "seed from 0"),
        (lambda one: one.verify(FACE, NOBODY), NoFace, "`other`"),
    ]:
        with pytest.raises(error, match=words):
            answer(question)


def test_generated_faces_follow_from_the_seed_and_keep_what_is_asked() -> None:
    free = answer(lambda inference: inference.generate(3, seed=8))
    keep = [Attribute.IDENTITY, Attribute.POSE]
    holding = answer(lambda inference: inference.generate(3, seed=8, image=FACE, keep=keep))
    np.testing.assert_array_equal([drawing.embedding for drawing in free], MODEL.sample(3, seed=8))
    face = embedding_of(FACE)
    for one, other in zip(free, holding, strict=True):
        for attribute, numbers in split(other.embedding).items():
            expected = face if attribute in keep else one.embedding
            np.testing.assert_array_equal(numbers, part(expected, attribute))
        np.testing.assert_array_equal(decode(other.image, LIMITS), MODEL.render(other.embedding[None])[0])
        assert source_type(other.image) == "trainedAlgorithmicMedia"


def test_a_set_of_stimuli_is_what_its_plan_says() -> None:
    kind = Factorial(people=2, expressions=["neutral", "anger"], turns=[0, 20], seed=3)
    drawn = answer(lambda inference: inference.stimuli(kind))
    assert (len(drawn.names), len(set(drawn.names)), kind.count) == (8, 8, 8)
    assert drawn.table[3] == {"person": 1, "expression": "anger", "turn": 20.0}
    for drawing, row in zip(drawn.drawings, drawn.table, strict=True):
        person = MODEL.sample(2, seed=3)[row["person"] - 1]
        np.testing.assert_array_equal(part(drawing.embedding, Attribute.STYLE), part(person, Attribute.STYLE))
        np.testing.assert_array_equal(decode(drawing.image, LIMITS), MODEL.render(drawing.embedding[None])[0])
        assert source_type(drawing.image) == "trainedAlgorithmicMedia"


def test_a_plan_asks_the_device_and_tells_plain_numbers() -> None:
    start, end = MODEL.sample(2, seed=1)
    kind = Continuum(start=start, end=end, steps=5, attributes=(Attribute.IDENTITY,))
    drawn = answer(lambda inference: inference.stimuli(kind, model=MODEL.id))
    assert {type(value) for row in drawn.table for value in row.values()} == {float}
    steps = [row["step"] for row in drawn.table[1:]]
    np.testing.assert_allclose(steps, np.mean(steps), rtol=0.05)


def test_a_set_that_nobody_waits_for_ends_with_its_next_question() -> None:
    asked = []

    class Endless(Factorial):
        def plan(self, studio: Studio) -> list[Stimulus]:
            while True:
                asked.append(studio.render(studio.sample(1, 0)).shape)

    async def hang_up(inference: LocalInference) -> None:
        call = asyncio.create_task(inference.stimuli(Endless()))
        while not asked:
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    answer(hang_up)  # closes, which waits for the plan
    assert asked


def test_without_a_seed_faces_differ_each_time() -> None:
    async def twice(inference: LocalInference) -> list[Vector]:
        return [(await inference.generate(1))[0].embedding for _ in range(2)]

    one, two = answer(twice)
    assert not np.array_equal(one, two)
