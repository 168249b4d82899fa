"""The largest face of each picture, for routes that need one face per picture."""

from collections.abc import Mapping

from model.errors import FacetError
from worker.interface import Align, Face, Inference


async def largest_faces(inference: Inference, pictures: Mapping[str, bytes], align: Align) -> dict[str, Face]:
    """The face of each named picture. Raises the first FacetError; of several pictures it names the one that failed."""
    faces: dict[str, Face] = {}
    for name, found in zip(pictures, await inference.embed(list(pictures.values()), align=align), strict=True):
        if not isinstance(found, FacetError):
            faces[name] = found[0]
        elif len(pictures) == 1:
            raise found
        else:
            raise type(found)(f"In the picture {name!r}: {found.message}", **found.details)
    return faces
