"""Inference in this process."""

import asyncio
import math
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext
from typing import NamedTuple

from model import edits as editing
from model.attributes import Attribute, Vector, part, similarities
from model.edits import Edit
from model.engine.backend import Backend
from model.errors import FacetError, ImpossibleEdit, InvalidRequest, Unavailable
from model.faces.detector import Detector
from model.faces.quality import likenesses
from model.images.decode import ImageLimits
from model.images.encode import encode_png
from model.images.ssim import ssim
from worker.in_flight import InFlight
from worker.interface import Align, Drawing, DrawnSet, Face, ModelInfo, Verification, not_running
from worker.local.aligner import Aligner
from worker.local.device import Device
from worker.local.embedding_checks import valid, with_valid_source
from worker.local.face_description import described
from worker.local.pictures import Pictures
from worker.local.pixel_budget import PixelBudget, decoding_threads
from worker.local.stimuli_drawing import Studios, as_read
from worker.queue_names import INFERENCE_QUEUE
from worker.stimuli.stimulus import Kind

SEED_BITS = 32


class _Loaded(NamedTuple):
    device: Device
    pictures: Pictures
    info: ModelInfo


class LocalInference:
    """Implements `worker.interface.Inference`: a thread pool decodes and aligns pictures, other threads run the model.

    All calls come from one event loop. A call whose task is cancelled drops the part of its work that has not begun.
    """

    def __init__(
        self,
        load_backend: Callable[[], Backend],
        load_detector: Callable[[], Detector],
        *,
        limits: ImageLimits | None = None,
        threads: int | None = None,
        max_decoding_pixels: int = ImageLimits.max_pixels,
        max_batch: int = 64,
        max_queue: int = 256,
        max_wait: float = math.inf,
        max_stuck: float = math.inf,
    ) -> None:
        """Nothing is loaded before `start`.

        A call is given up after `max_wait` seconds, and refused at once where it could not be answered in that time. A
        model that runs one batch for more than `max_stuck` seconds counts as stuck.

        `max_decoding_pixels` limits the pixels of all pictures that are decoded at a time. `max_queue` limits both the
        pictures that wait for one of the `threads` (by default as many as keep the processors busy) and the jobs that
        wait for the model, which takes up to `max_batch` of them at once.
        """
        self._load_backend = load_backend
        self._load_detector = load_detector
        self._limits = limits or ImageLimits()
        self._threads = threads
        self._budget = PixelBudget(max_decoding_pixels)
        self._max_batch, self._max_queue = max_batch, max_queue
        self._max_wait, self._max_stuck = max_wait, max_stuck
        self._studios = Studios()
        self._loaded: _Loaded | None = None
        self._problem = "The model is not loaded yet; try again soon."
        self._calls = InFlight()
        self._idle = asyncio.Event()

    async def start(self) -> None:
        """Load the model and the detector, and run each once. Raises InvalidCheckpoint for a bad file of either."""
        try:
            self._loaded = await self._load()
        except Exception as error:
            self._problem = f"The model could not be loaded: {error}"
            raise
        self._calls.publish(INFERENCE_QUEUE)

    async def _load(self) -> _Loaded:
        with ExitStack() as undo:
            backend = await asyncio.to_thread(self._load_backend)
            aligner = Aligner(self._load_detector, self._limits, backend.read_size, backend.image_size, self._budget)
            threads = self._threads or decoding_threads(backend.shares_processors)
            pictures = Pictures(aligner, threads, self._max_queue, self._max_wait)
            undo.callback(pictures.close)
            detector = await pictures.detector_name()
            device = Device(backend, self._max_batch, self._max_queue, self._max_wait)
            undo.callback(device.close)
            await device.embed([as_read(device, drawn) for drawn in await device.render([*await device.sample(1, 0)])])
            undo.pop_all()
            return _Loaded(device, pictures, device.info(detector))

    async def close(self) -> None:
        """Finish what is running and refuse the rest."""
        loaded, self._loaded = self._loaded, None
        self._problem = "The service is stopping; try again soon."
        if loaded is None:
            return
        while self._calls:
            self._idle.clear()
            await self._idle.wait()
        await asyncio.to_thread(self._studios.close)
        await asyncio.to_thread(loaded.pictures.close)
        await asyncio.to_thread(loaded.device.close)

    async def ready(self) -> str | None:
        """None when requests can be answered, else the sentence that says what is missing."""
        if self.stuck():
            return f"The model has not answered for {self._max_stuck:g} s; it is started anew."
        if self.broken():
            return "The model's device has failed; the process is started anew."
        return None if self._loaded else self._problem

    def stuck(self) -> bool:
        """Whether the model has run one batch for too long; from any thread."""
        loaded = self._loaded
        return loaded is not None and loaded.device.busy_seconds() > self._max_stuck

    def broken(self) -> bool:
        """Whether the model fails at everything until the process starts anew; from any thread."""
        loaded = self._loaded
        return loaded is not None and loaded.device.broken

    @contextmanager
    def _call(self, model: str | None = None) -> Iterator[_Loaded]:
        """The loaded model and pictures for one call; `close` waits for the end of the call.

        Raises Unavailable, and InvalidRequest for a call that is for another model.
        """
        if self._loaded is None:
            raise Unavailable(self._problem)
        if model not in (None, self._loaded.info.id):
            raise not_running(model, [self._loaded.info.id])
        try:
            with self._calls.call():
                yield self._loaded
        finally:
            if not self._calls:
                self._idle.set()

    @asynccontextmanager
    async def _call_in_time(self, model: str | None = None, faces: int = 1) -> AsyncIterator[_Loaded]:
        """As `_call`, for a call that needs the model, with its time limit.

        Also raises Unavailable after the time limit, and Busy at once where too much waits for so many faces more.
        """
        with self._call(model) as loaded:
            loaded.device.check(faces)
            try:
                limit = self._max_wait if math.isfinite(self._max_wait) else None
                async with asyncio.timeout(limit), loaded.device.examined():
                    yield loaded
            except TimeoutError as error:
                raise Unavailable(f"The model did not answer within {self._max_wait:g} s; try again soon.") from error

    async def models(self) -> Mapping[str, ModelInfo]:
        """The loaded model, by its id. Raises Unavailable."""
        with self._call() as loaded:
            return {loaded.info.id: loaded.info}

    async def info(self, model: str | None = None) -> ModelInfo:
        """What the loaded model says of itself. Raises Unavailable, and InvalidRequest where another is asked for."""
        with self._call(model) as loaded:
            return loaded.info

    async def embed(
        self,
        images: Sequence[bytes],
        *,
        align: Align = "auto",
        max_faces: int = 1,
        model: str | None = None,
        likeness: bool = False,
    ) -> list[list[Face] | FacetError]:
        """For each picture its faces, largest first, or the error that this picture met. Raises Busy, Unavailable."""
        async with self._call_in_time(model, len(images)) as (device, pictures, _):
            with device.coming() if align == "auto" else nullcontext():
                found = await pictures.faces(images, align, max_faces)
            crops = [face.crop for faces in found if not isinstance(faces, FacetError) for face in faces]
            embeddings = await device.embed(crops, patient=align != "none")
            alike: Sequence[float | None] = [None] * len(crops)
            if likeness and crops:
                alike = await pictures.run(likenesses, crops, await device.render(embeddings))
            made = zip(embeddings, alike, strict=True)
            return [
                faces
                if isinstance(faces, FacetError)
                else [described(face, *next(made), device.backend) for face in faces]
                for faces in found
            ]

    async def reconstruct(self, source: bytes | Vector, *, align: Align = "auto", model: str | None = None) -> Drawing:
        """Draw the face of a photograph, or of an embedding, through all four networks."""
        async with self._call_in_time(model) as (device, pictures, info):
            if not isinstance(source, bytes):
                embedding = valid(source)
                [drawn] = await device.render([embedding])
                [image] = await pictures.encoded([drawn])
                return Drawing(image, embedding, model=info.id)
            [face] = await pictures.largest({"image": source}, align, show=True)
            [embedding] = await device.embed([face.crop])
            [drawn] = await device.render([embedding])
            [image] = await pictures.encoded([drawn])
            assert face.shown is not None
            seen = await pictures.run(encode_png, face.shown, None)
            alike = await pictures.run(ssim, face.shown, drawn)
            return Drawing(image, embedding, input=seen, ssim=alike, model=info.id)

    async def edit(
        self,
        target: bytes | Vector,
        edits: Sequence[Edit],
        *,
        sources: Sequence[bytes] = (),
        align: Align = "auto",
        paste: bool = False,
        reencode: bool = False,
        model: str | None = None,
    ) -> Drawing:
        """Draw a face after some edits; `paste` puts it back into the photograph.

        The errors of `model.edits.apply`, and ImpossibleEdit for `paste` without a photograph.
        """
        if paste and not isinstance(target, bytes):
            raise ImpossibleEdit("Only a photograph can be pasted into; send one, or leave paste out.")
        async with self._call_in_time(model) as (device, pictures, info):
            images = {"image": target} if isinstance(target, bytes) else {}
            images |= {f"source {number}": source for number, source in enumerate(sources)}
            faces = await pictures.largest(images, align)
            embeddings = await device.embed([face.crop for face in faces])
            before = embeddings.pop(0) if isinstance(target, bytes) else valid(target)
            changes = [with_valid_source(edit) for edit in edits]
            embedding = editing.apply(before, changes, embeddings, device.backend.calibration.presets)
            [drawn] = await device.render([embedding])
            if paste and isinstance(target, bytes):
                image = await pictures.pasted(target, drawn, faces[0].frame)
            else:
                [image] = await pictures.encoded([drawn])
            reencoded = (await device.embed([as_read(device, drawn)]))[0] if reencode else None
            return Drawing(image, embedding, reencoded=reencoded, model=info.id)

    async def generate(
        self,
        count: int,
        *,
        seed: int | None = None,
        image: bytes | None = None,
        keep: Sequence[Attribute] = (),
        align: Align = "auto",
    ) -> list[Drawing]:
        """Draw random faces, each holding the attributes `keep` of the face in `image`.

        The same seed gives the same faces; without one they differ each time. Raises InvalidRequest for a count below
        1 or a seed below 0, ImpossibleEdit for `keep` without `image`, and the errors of a picture.
        """
        if count < 1 or (seed is not None and not 0 <= seed < 2**SEED_BITS):
            raise InvalidRequest(f"Ask for at least one face, with a seed from 0 to {2**SEED_BITS - 1}.")
        if keep and image is None:
            raise ImpossibleEdit("There is no face whose attributes could be kept; send its picture as `image`.")
        async with self._call_in_time() as (device, pictures, info):
            faces = await pictures.largest({"image": image} if image is not None else {}, align)
            kept = await device.embed([face.crop for face in faces])
            embeddings = await device.sample(count, secrets.randbits(SEED_BITS) if seed is None else seed)
            for attribute in keep:
                part(embeddings, attribute)[...] = part(kept[0], attribute)
            images = await pictures.encoded(await device.render(list(embeddings)))
            made = zip(images, embeddings, strict=True)
            return [Drawing(drawn, embedding, model=info.id) for drawn, embedding in made]

    async def stimuli(self, kind: Kind, *, model: str | None = None) -> DrawnSet:
        """Draw a set of stimuli. Raises what its `plan` raises."""
        async with self._call_in_time(model, kind.count) as (device, pictures, info):
            return await self._studios.draw(kind, device, pictures, info.id)

    async def verify(self, image: bytes, other: bytes, *, align: Align = "auto") -> Verification:
        """Compare the largest face of each picture by identity."""
        async with self._call_in_time() as (device, pictures, _):
            faces = await pictures.largest({"image": image, "other": other}, align)
            one, two = await device.embed([face.crop for face in faces])
            alike = {attribute: float(value) for attribute, value in similarities(one, two).items()}
            identity, calibration = alike[Attribute.IDENTITY], device.backend.calibration
            return Verification(
                same_person=identity >= calibration.threshold,
                probability=calibration.same_person_probability(identity),
                threshold=calibration.threshold,
                similarities=alike,
            )
