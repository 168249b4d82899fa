"""The object for programs: each call takes one face or many, as pictures or as embeddings."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np

from facet.library.drawing import Drawing, Drawings
from facet.library.edits import edit_of
from facet.library.picture_result import Found
from facet.library.pictures import FaceLike, Picture, embedding_in, in_a_list, named, naming
from facet.library.pipeline import Pipeline
from facet.process.inference import backend_of, detector_of, limits_of
from facet.progress import counted
from model import edits as editing
from model.attributes import EMBEDDING_SIZE, Attribute, Vector, part, similarities
from model.edits import Edit
from model.engine.backend import Backend, Pixels
from model.errors import ImpossibleEdit, InvalidRequest
from model.faces.alignment import paste as put_back
from model.images.encode import SourceType
from model.images.ssim import ssim
from worker.interface import Align, Face, Verification
from worker.local.aligner import Aligner

if TYPE_CHECKING:
    from facet.measuring import Measurement
    from facet.settings import Settings
    from facet.stimuli import Stimuli

Drawn: TypeAlias = Any
"""One `Drawing` of one face, `Drawings` of many; which of the two depends on what is given."""

SEED_BITS = 32
MANY = 64
"""Pictures from which on a bar is shown, where nobody says whether."""


class Facet:
    """A loaded model. `align="none"` takes pictures as aligned crops; failures are `model.errors.FacetError`.

    Where a face is asked for it may be a picture (path, bytes, Pillow, uint8 array), an embedding, or what another call
    has answered. One face gives one answer, a list or a stack of arrays a list or a stack.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        backend = pipeline.backend
        self.id, self.image_size, self.read_size = backend.id, backend.image_size, backend.read_size
        self.card: Mapping[str, Any] = backend.card
        self.calibration = backend.calibration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Facet {self.id}, reads {self.read_size} pixels and draws {self.image_size}>"

    def close(self) -> None:
        """End the threads; a program that ends does so by itself."""
        self._pipeline.close()

    @property
    def backend(self) -> Backend:
        """The model itself; only one thread at a time may call it."""
        return self._pipeline.backend

    @cached_property
    def stimuli(self) -> "Stimuli":
        """Sets of drawn faces for experiments."""
        from facet.stimuli import Stimuli

        return Stimuli(self)

    def each(
        self,
        pictures: Iterable[Picture],
        *,
        align: Align = "auto",
        max_faces: int = 1,
        show: bool = False,
        likeness: bool = False,
        progress: bool | None = None,
    ) -> Iterator[Found]:
        """The faces of each picture, in order and while others are on their way; one that fails says why.

        The pictures may be endless: few are held at a time. With `show` each face is cut at the drawing size too, as
        `redraw` needs it. With `likeness` each is drawn back, for that part of its quality. `progress` shows a bar or
        none; by default one for many.
        """
        total = len(pictures) if isinstance(pictures, Sequence | np.ndarray) else None
        if progress is None and total is not None and total < MANY:
            progress = False
        return counted(self._pipeline.found(pictures, align, max_faces, show, likeness), "Embedding", total, progress)

    def measure(
        self,
        places: str | Path | Iterable[str | Path],
        to: str | Path,
        *,
        align: Align = "auto",
        max_faces: int = 1,
        every: int = 1,
        likeness: bool = False,
        progress: bool | None = None,
    ) -> "Measurement":
        """Embed the faces of folders, pictures and videos (of these every so many frames) into a table.

        `to` ends in .parquet, .csv, .npz or .jsonl; it is written when all is done, and after a stop the same call goes
        on. Raises FileNotFoundError, ValueError where there is no picture, and InvalidRequest.
        """
        from facet.measuring import local, measure

        places = [places] if isinstance(places, str | Path) else places
        return measure(
            local(self), places, to, align=align, max_faces=max_faces, every=every, likeness=likeness, show=progress
        )

    def faces(
        self, picture: Picture, *, align: Align = "auto", max_faces: int = 10, likeness: bool = False
    ) -> list[Face]:
        """The faces of one picture, largest first. Raises NoFace and what a picture can be wrong with.

        With `likeness` each is drawn back, for that part of its quality.
        """
        [found] = self._pipeline.found([picture], align, max_faces, likeness=likeness)
        return list(found.checked().faces)

    def embed(
        self, faces: FaceLike | Iterable[FaceLike], *, align: Align = "auto", progress: bool | None = None
    ) -> Vector:
        """The embedding `(99,)` of the largest face of a picture, or of each of n `(n, 99)`.

        Raises the first error, which names its picture.
        """
        given, many = in_a_list(faces)
        embeddings = self._embedded(given, align, progress)
        return embeddings if many else embeddings[0]

    def crop(self, pictures: Picture | Iterable[Picture], *, align: Align = "auto") -> Pixels:
        """The largest face of a picture as the networks see it, `(size, size, 3)`, or of each of n `(n, …)`."""
        given, many = in_a_list(pictures)
        crops = [found.crops[0] for found in self._checked(given, align, False)]
        return np.stack(crops) if many else crops[0]

    def render(self, embeddings: Vector) -> Pixels:
        """An embedding `(99,)` drawn `(size, size, 3)`, or n of them `(n, size, size, 3)`."""
        given, many = in_a_list(embeddings)
        drawn = self._pipeline.render(self._embedded(given, "none", False))
        return drawn if many else drawn[0]

    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` of faces that nobody has. The same seed gives the same."""
        if count < 1 or not 0 <= seed < 2**SEED_BITS:
            raise InvalidRequest(f"Ask for at least one face, with a seed from 0 to {2**SEED_BITS - 1}.")
        return self._pipeline.sample(count, seed)

    def reconstruct(
        self, faces: FaceLike | Iterable[FaceLike], *, align: Align = "auto", progress: bool | None = None
    ) -> Drawn:
        """A face drawn from its embedding; of a picture with its crop and the SSIM of the two."""
        given, many = in_a_list(faces)
        known = [embedding_in(face) for face in given]
        pictures = [face for face, have in zip(given, known, strict=True) if have is None]
        read = iter(self.redraw(self._checked(pictures, align, progress, show=True)))
        drawn = iter(self.drawings([have for have in known if have is not None]))
        drawings = Drawings(next(read) if have is None else next(drawn) for have in known)
        return drawings if many else drawings[0]

    def redraw(self, found: Sequence[Found]) -> Drawings:
        """The largest face of each picture, which was found with `show`, drawn back."""
        drawn = self._pipeline.render(np.array([face.embedding for face in found]))

        def compared(pair: tuple[Found, Pixels]) -> Drawing:
            face, pixels = pair
            shown = face.aligned[0].shown
            assert shown is not None, "faces that are drawn back are found with show=True"
            return Drawing(pixels, face.embedding, input=shown, ssim=ssim(shown, pixels))

        return Drawings(self._pipeline.each(compared, list(zip(found, drawn, strict=True))))

    def edit(
        self,
        faces: FaceLike | Iterable[FaceLike],
        edits: Sequence[Edit | Mapping[str, Any]],
        *,
        align: Align = "auto",
        paste: bool = False,
    ) -> Drawn:
        """A face after some edits; `paste` puts it back into its picture.

        An edit is a `model.edits.Edit`, or as over HTTP `{"attribute": "pose", "set": {"yaw": 20}}`, `{"attribute":
        "expression", "preset": "happiness", "amount": 0.8}` or `{"attribute": "identity", "from": another face}`.
        Raises ImpossibleEdit.
        """
        given, many = in_a_list(faces)
        changes = [edit_of(edit, lambda face: self.embed(face, align=align)) for edit in edits]
        found = self._checked(given, align, None) if paste else []
        before = [face.embedding for face in found] if paste else self._embedded(given, align, None)
        presets = self.calibration.presets
        after = [editing.apply(embedding, changes, (), presets) for embedding in before]
        drawn = list(self._pipeline.render(np.stack(after))) if after else []
        source = SourceType.COMPOSITE if paste else SourceType.TRAINED
        if paste:
            drawn = self._pipeline.each(self._put_back, list(zip(found, drawn, strict=True)))
        drawings = Drawings(Drawing(pixels, embedding, source) for pixels, embedding in zip(drawn, after, strict=True))
        return drawings if many else drawings[0]

    def generate(
        self,
        count: int,
        *,
        seed: int | None = None,
        like: FaceLike | None = None,
        keep: Sequence[Attribute | str] = (),
        align: Align = "auto",
    ) -> Drawings:
        """Faces that nobody has, each with the attributes `keep` of the face `like`. The same seed draws the same."""
        if keep and like is None:
            raise ImpossibleEdit("There is no face whose attributes could be kept; name it as `like`.")
        embeddings = self.sample(count, secrets.randbits(SEED_BITS) if seed is None else seed)
        if like is not None:
            kept = self.embed(like, align=align)
            for attribute in keep:
                part(embeddings, Attribute(attribute))[...] = part(kept, Attribute(attribute))
        return self.drawings(embeddings)

    def verify(self, one: FaceLike, other: FaceLike, *, align: Align = "auto") -> Verification:
        """Whether two faces are one person's, by identity alone."""
        a, b = self._embedded([one, other], align, False)
        alike = {attribute: float(value) for attribute, value in similarities(a, b).items()}
        identity, calibration = alike[Attribute.IDENTITY], self.calibration
        return Verification(
            same_person=identity >= calibration.threshold,
            probability=calibration.same_person_probability(identity),
            threshold=calibration.threshold,
            similarities=alike,
        )

    def drawings(self, embeddings: Vector | Sequence[Vector]) -> Drawings:
        """Embeddings `(n, 99)` drawn."""
        drawn = self._pipeline.render(np.asarray(embeddings))
        return Drawings(Drawing(pixels, embedding) for pixels, embedding in zip(drawn, embeddings, strict=True))

    def _embedded(self, faces: Sequence[FaceLike], align: Align, progress: bool | None) -> Vector:
        """The embedding of each `(n, 99)`; pictures go through the networks together."""
        known = [embedding_in(face) for face in faces]
        read = iter(
            self._checked([face for face, have in zip(faces, known, strict=True) if have is None], align, progress)
        )
        embeddings = [next(read).embedding if have is None else have for have in known]
        return np.stack(embeddings) if embeddings else np.zeros((0, EMBEDDING_SIZE), np.float32)

    def _checked(self, pictures: Sequence[Any], align: Align, progress: bool | None, show: bool = False) -> list[Found]:
        """The largest face of each picture. Raises the first error, which names its picture."""
        results = []
        for number, found in enumerate(self.each(pictures, align=align, show=show, progress=progress)):
            if found.error is not None:
                raise naming(found.error, named(found.picture, number)) if len(pictures) > 1 else found.error
            results.append(found)
        return results

    def _put_back(self, given: tuple[Found, Pixels]) -> Pixels:
        found, drawn = given
        return put_back(self._pipeline.pixels(found.picture), drawn, found.aligned[0].frame)


def open_model(settings: "Settings", threads: int | None = None) -> Facet:
    """The model and the detector of the settings. Raises InvalidCheckpoint for a bad file of either."""
    backend = backend_of(settings)
    aligner = Aligner(lambda: detector_of(settings), limits_of(settings), backend.read_size, backend.image_size)
    return Facet(Pipeline(backend, aligner, threads, settings.max_batch))
