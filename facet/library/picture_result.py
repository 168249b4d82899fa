"""What came of one picture of many."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from facet.library.pictures import Picture
from model.attributes import Vector
from model.engine.backend import Pixels
from model.errors import FacetError
from worker.interface import Face
from worker.local.aligner import AlignedFace


@dataclass(frozen=True)
class Found:
    """The faces of one picture, or why it has none."""

    picture: Picture
    faces: Sequence[Face] = ()
    """Largest first."""
    error: FacetError | None = None
    aligned: Sequence[AlignedFace] = field(default=(), repr=False)
    """Each face's crop, and where in the picture it lies."""

    @property
    def crops(self) -> list[Pixels]:
        """Each face as the networks saw it, `(size, size, 3)`."""
        return [face.crop for face in self.aligned]

    @property
    def embedding(self) -> Vector:
        """Of the largest face, `(99,)`. Raises the error of a picture without one."""
        return self.checked().faces[0].embedding

    def checked(self) -> "Found":
        """Itself. Raises the error of a picture that failed."""
        if self.error is not None:
            raise self.error
        return self
