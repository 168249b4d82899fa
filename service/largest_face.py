"""The largest face of each picture, for routes that need one face per picture."""

from collections.abc import Mapping

from model.errors import FacetError
from worker.interface import Align, Face, Inference


async def largest_faces(
    inference: Inference,
    pictures: Mapping[str, bytes],
    align: Align,
    model: str | None = None,
    likeness: bool = False,
) -> dict[str, Face]:
    """The face of each named picture, all by one model: any, or the one of this id; with `likeness` drawn back, too.

    Raises the first FacetError; of several pictures it names the one that failed.
    """
    faces: dict[str, Face] = {}
    results = await inference.embed(list(pictures.values()), align=align, model=model, likeness=likeness)
    for name, found in zip(pictures, results, strict=True):
        if not isinstance(found, FacetError):
            faces[name] = found[0]
        elif len(pictures) == 1:
            raise found
        else:
            raise type(found)(f"In the picture {name!r}: {found.message}", **found.details)
    return faces
