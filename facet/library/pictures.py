"""What a program may give where a picture or a face is asked for, and how it is told apart."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from PIL import Image, ImageOps

from model.attributes import EMBEDDING_SIZE, Attribute, Vector, join, settled
from model.engine.backend import Pixels
from model.errors import FacetError, InvalidEmbedding, UnreadableFile, UnsupportedImage

Picture: TypeAlias = str | Path | bytes | Image.Image | Pixels
"""A file's path or its bytes (JPEG, PNG, WebP), a picture of Pillow, or RGB or grey pixels `(h, w, 3)` or `(h, w)`."""


@runtime_checkable
class HasEmbedding(Protocol):
    """A face that was found, or drawn."""

    @property
    def embedding(self) -> Vector:
        """`(99,)`."""


FaceLike: TypeAlias = Picture | Vector | Mapping[str, Sequence[float]] | HasEmbedding
"""A picture of a face, its embedding `(99,)` or the four parts by name, or what was found or drawn before."""


def in_a_list(given: Any) -> tuple[list[Any], bool]:
    """What was given as a list, and whether it was many: any iterable, or an array with one axis more."""
    if isinstance(given, np.ndarray):
        many = given.ndim == (2 if given.dtype.kind == "f" else 4)
        return (list(given) if many else [given]), many
    single = isinstance(given, str | Path | bytes | Image.Image | Mapping | HasEmbedding)
    if single or not isinstance(given, Iterable):
        return [given], False
    return list(given), True


def named(picture: Any, number: int) -> str:
    """What errors call a picture: its path where it has one."""
    return str(picture) if isinstance(picture, str | Path) else f"picture {number}"


def embedding_in(face: Any) -> Vector | None:
    """The embedding `(99,)` of what already has one, its unit parts made unit; None of a picture.

    Raises InvalidEmbedding.
    """
    if isinstance(face, Mapping):
        face = _joined(face)
    elif isinstance(face, HasEmbedding):
        face = face.embedding
    elif not isinstance(face, np.ndarray) or face.dtype.kind != "f":
        return None
    if face.shape != (EMBEDDING_SIZE,):
        raise InvalidEmbedding(f"An embedding has the shape ({EMBEDDING_SIZE},), not {face.shape}; pixels are uint8.")
    try:
        return settled(face)
    except ValueError as error:
        raise InvalidEmbedding(f"The embedding cannot be used: {error}.") from error


def _joined(parts: Mapping[str, Sequence[float]]) -> Vector:
    try:
        return join({attribute: np.array(parts[attribute], np.float32) for attribute in Attribute})
    except (KeyError, ValueError) as error:
        raise InvalidEmbedding(f"The embedding cannot be used: {error}.") from error


def opened(picture: Picture) -> bytes | Pixels:
    """A picture as the bytes of its file or as RGB pixels `(h, w, 3)`.

    Raises UnreadableFile, and UnsupportedImage for what is no picture.
    """
    match picture:
        case str() | Path():
            return _read(Path(picture))
        case bytes():
            return picture
        case Image.Image():
            return _flat(ImageOps.exif_transpose(picture))
        case np.ndarray() if picture.dtype == np.uint8 and picture.ndim == 2:
            return np.repeat(picture[..., None], 3, axis=-1)
        case np.ndarray() if picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3:
            return picture
        case np.ndarray():
            raise UnsupportedImage(
                f"An array of {picture.dtype} {picture.shape} is no picture; give uint8 (h, w, 3), red first."
            )
    raise UnsupportedImage(f"A {type(picture).__name__} is no picture; give a path, bytes, a Pillow image or an array.")


def _flat(image: Image.Image) -> Pixels:
    """The pixels of an upright picture; what is transparent is white, as in a file."""
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    return np.asarray(image.convert("RGB"), np.uint8)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error


def naming(error: FacetError, name: str) -> FacetError:
    """The same error, which says of which picture it speaks."""
    return error if name in error.message else type(error)(f"{name}: {error.message}", **error.details)
