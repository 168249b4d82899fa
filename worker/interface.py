"""The interface through which everything outside asks for embeddings and pictures.

Two implementations that callers cannot tell apart: `LocalInference` in this process, and one over a task queue.
All arrays are NumPy, all pictures are encoded bytes, all failures are `model.errors.FacetError`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Protocol

from model.attributes import Attribute, Vector
from model.calibration import Calibration
from model.edits import MAX_AMOUNT as MAX_AMOUNT
from model.edits import MAX_DEGREES as MAX_DEGREES
from model.edits import Edit as Edit
from model.errors import FacetError, InvalidRequest, LowQuality, Unavailable
from worker.stimuli.stimulus import Kind

Align = Literal["auto", "none"]
"""`auto` detects the face and warps it to the model's frame; `none` takes the whole picture as the aligned crop."""


EXIT_BROKEN = 70
"""How a process ends whose model fails at everything, EX_SOFTWARE of sysexits.h: its supervisor shall start another."""


@dataclass(frozen=True)
class Quality:
    """How much there is of a face in its picture, as `model.faces.quality` measures it."""

    score: float
    """From 0 to 1: the product of the parts, each of which is from 0 to 1 and 1 where nothing is missing."""
    size: float
    sharpness: float
    turn: float
    detection: float
    likeness: float | None = None
    """How well the model draws the face back; None where it was not asked for."""

    @property
    def parts(self) -> dict[str, float]:
        """The parts that were measured, by name."""
        return {item.name: value for item in fields(self)[1:] if (value := getattr(self, item.name)) is not None}

    def check(self, least: float) -> None:
        """Raises LowQuality, which names the lowest part, for a score below `least`."""
        if self.score < least:
            parts = self.parts
            lowest = min(parts, key=parts.__getitem__)
            raise LowQuality(
                f"The face's quality is {self.score:.2f}, below {least:g}; what is lowest is its {lowest} "
                f"({parts[lowest]:.2f}). {_ADVICE[lowest]}",
                quality=self.score,
                min_quality=least,
                lowest=lowest,
                parts=parts,
            )


_ADVICE = {
    "size": "Send a picture in which the face has more pixels.",
    "sharpness": "Send a sharper picture.",
    "turn": "Send a picture in which the face looks towards the camera.",
    "detection": "Send a picture in which the face is in full view.",
    "likeness": "Send a picture in which nothing covers the face.",
}


@dataclass(frozen=True)
class Face:
    """One face found in a picture."""

    box: tuple[float, float, float, float]
    """x, y, width, height in pixels of the upright picture."""
    score: float
    landmarks: tuple[tuple[float, float], ...] | None
    """Five points (the eye at the picture's left, the other eye, nose tip, mouth's left corner, its right corner)."""
    embedding: Vector
    pose_degrees: Mapping[str, float]
    expression: Mapping[str, float]
    """Probability of each expression label; they sum to 1."""
    model: str = ""
    """The id of the model that made the embedding, which goes wherever the embedding does."""
    quality: Quality | None = None
    """None of a worker of an earlier version."""

    @property
    def label(self) -> str | None:
        """The most probable expression; None of a model that knows no labels."""
        return max(self.expression, key=self.expression.__getitem__, default=None)

    def check_quality(self, least: float | None) -> None:
        """Raises LowQuality for a face below `least`, and Unavailable where a worker did not say its quality."""
        if least is None:
            return
        if self.quality is None:
            raise Unavailable("A worker of the version before does not measure quality; try again when it is replaced.")
        self.quality.check(least)


@dataclass(frozen=True)
class Drawing:
    """A picture drawn by the model."""

    image: bytes
    """PNG that says it is synthetic."""
    embedding: Vector
    input: bytes | None = None
    """PNG of the aligned crop at the drawing size, where a photograph was reconstructed."""
    ssim: float | None = None
    """Structural similarity of `input` and `image`, where a photograph was reconstructed."""
    reencoded: Vector | None = None
    """The embedding of the drawn picture, where it was asked for."""
    model: str = ""
    """The id of the model that drew it and made the embeddings."""


@dataclass(frozen=True)
class DrawnSet:
    """A set of stimuli."""

    names: Sequence[str]
    """Of the faces, in order; no two are the same."""
    drawings: Sequence[Drawing]
    table: Sequence[Mapping[str, Any]]
    """What is said of each face: numbers and texts by the name of a column."""


@dataclass(frozen=True)
class Verification:
    """Whether two pictures show the same person."""

    same_person: bool
    probability: float
    threshold: float
    """The identity similarity from which on `same_person` holds."""
    similarities: Mapping[Attribute, float]


@dataclass(frozen=True)
class ModelInfo:
    """What the loaded model says of itself."""

    id: str
    image_size: int
    """Height and width of the pictures that it draws."""
    read_size: int
    """Height and width of the crops that it reads."""
    detector: str
    presets: Mapping[Attribute, Sequence[str]]
    card: Mapping[str, Any] = field(default_factory=dict)
    threshold: float = Calibration.threshold
    """The identity similarity at which two faces show one person with a probability of 0.5."""
    slope: float = Calibration.slope
    """How steeply that probability rises there."""

    def same_person_probability(self, similarity: float) -> float:
        """Probability that two faces with this identity similarity show one person."""
        return Calibration(self.threshold, self.slope).same_person_probability(similarity)


class Inference(Protocol):
    """Pictures in, embeddings and pictures out.

    Several models may run at a time, while one takes another's place. A call with a `model` is done by the model of
    that id; without, by any. Each raises InvalidRequest for a model that does not run, and Unavailable where an
    embedding comes without the id of the model that made it while several run.
    """

    async def start(self) -> None:
        """Load what is needed; after it the other calls answer."""

    async def close(self) -> None:
        """Finish what is running and refuse the rest."""

    async def ready(self) -> str | None:
        """None when requests can be answered, else the sentence that says what is missing."""

    async def models(self) -> Mapping[str, ModelInfo]:
        """The models that run, by id, at least one; the one that most workers have comes first."""

    async def info(self, model: str | None = None) -> ModelInfo:
        """What a model says of itself: the one of this id, or the only one that runs."""

    async def embed(
        self,
        images: Sequence[bytes],
        *,
        align: Align = "auto",
        max_faces: int = 1,
        model: str | None = None,
        likeness: bool = False,
    ) -> list[list[Face] | FacetError]:
        """For each picture its faces, largest first, or the error that this picture met; all by one model.

        With `likeness` each is drawn back, which takes about twice as long as to read it, and compared.
        """

    async def reconstruct(self, source: bytes | Vector, *, align: Align = "auto", model: str | None = None) -> Drawing:
        """Draw the face of a photograph, or of an embedding, through all four networks."""

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
        """Draw a face after some edits; `paste` puts it back into the photograph."""

    async def generate(
        self,
        count: int,
        *,
        seed: int | None = None,
        image: bytes | None = None,
        keep: Sequence[Attribute] = (),
        align: Align = "auto",
    ) -> list[Drawing]:
        """Draw random faces, each holding the attributes `keep` of the face in `image`."""

    async def stimuli(self, kind: Kind, *, model: str | None = None) -> DrawnSet:
        """Draw a set of stimuli. Raises what its `plan` raises."""

    async def verify(self, image: bytes, other: bytes, *, align: Align = "auto") -> Verification:
        """Compare the largest face of each picture by identity, both by one model."""


def not_running(model: str, running: Collection[str]) -> InvalidRequest:
    """What is raised for a model that does not run."""
    others = ", ".join(map(repr, running))
    return InvalidRequest(
        f"The model {model!r} does not run here, but {others}; embeddings of different models cannot be compared.",
        model=model,
    )


def mixed(one: str, other: str) -> InvalidRequest:
    """What is raised for embeddings of two models in one request."""
    return InvalidRequest(f"These faces are of the models {one!r} and {other!r}, whose embeddings cannot be mixed.")
