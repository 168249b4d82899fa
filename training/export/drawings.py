"""Sheets of drawn faces for people to look at: the editing matrix, random faces, and sweeps along one attribute."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model.attributes import POSE_ANGLES, Attribute, Vector, part
from model.embedding import blend
from model.engine.backend import Backend, Pixels

SWEEP_DEGREES = {"pitch": 25.0, "yaw": 35.0, "roll": 20.0}
"""How far a sweep turns each angle to both sides."""


def editing_matrix(backend: Backend, targets: Vector, sources: Vector, shown: tuple[Pixels, Pixels]) -> Pixels:
    """The editing matrix: targets `(n, 99)` across, sources `(m, 99)` down, for each source a row of each attribute.

    `shown` are the pictures of the targets and the sources themselves, `(n, size, size, 3)` and `(m, size, size, 3)`.
    """
    size = backend.image_size
    rows = [_row([_blank(size), _blank(size), *shown[0]])]
    for source, picture in zip(sources, shown[1], strict=True):
        for number, attribute in enumerate(Attribute):
            edited = targets.copy()
            part(edited, attribute)[...] = part(source, attribute)
            beside = _blank(size) if number else picture
            rows.append(_row([beside, _label(str(attribute), size), *backend.render(edited)]))
    return np.concatenate(rows)


def random_sheet(backend: Backend, count: int, seed: int) -> Pixels:
    """Random faces on a near-square sheet."""
    drawn = list(backend.render(backend.sample(count, seed)))
    columns = math.ceil(math.sqrt(count))
    drawn += [_blank(backend.image_size)] * (-count % columns)
    return np.concatenate([_row(drawn[start : start + columns]) for start in range(0, len(drawn), columns)])


def sweep_sheet(backend: Backend, faces: Vector, attribute: Attribute, steps: int) -> Pixels:
    """Faces `(n, 99)` along one attribute in so many steps, all else kept.

    Of pose each face gets a row for each angle, from one side to the other; of another attribute it gets one row, from
    its own to the next face's along the sphere. Raises ValueError if there is no next face.
    """
    if attribute is Attribute.POSE:
        rows = [(angle, _turned(face, angle, steps)) for face in faces for angle in POSE_ANGLES]
    elif len(faces) < 2:
        raise ValueError(f"a sweep of {attribute} goes from one face to the next; give at least two")
    else:
        following = np.roll(faces, -1, axis=0)
        rows = [(attribute, _towards(*pair, attribute, steps)) for pair in zip(faces, following, strict=True)]
    size = backend.image_size
    return np.concatenate([_row([_label(name, size), *backend.render(row)]) for name, row in rows])


def _turned(face: Vector, angle: str, steps: int) -> Vector:
    row = np.repeat(face[None], steps, axis=0)
    limit = math.radians(SWEEP_DEGREES[angle])
    part(row, Attribute.POSE)[:, POSE_ANGLES.index(angle)] = np.linspace(-limit, limit, steps)
    return row


def _towards(face: Vector, other: Vector, attribute: Attribute, steps: int) -> Vector:
    row = np.repeat(face[None], steps, axis=0)
    for number, amount in enumerate(np.linspace(0.0, 1.0, steps)):
        part(row, attribute)[number] = blend(attribute, part(face, attribute), part(other, attribute), float(amount))
    return row


def _row(pictures: Sequence[Pixels]) -> Pixels:
    return np.concatenate(pictures, axis=1)


def _blank(size: int) -> Pixels:
    return np.full((size, size, 3), 255, np.uint8)


def _label(text: str, size: int) -> Pixels:
    """A cell with a word in its middle."""
    cell = Image.fromarray(_blank(size))
    font = ImageFont.load_default(size / 6)
    ImageDraw.Draw(cell).text((size / 2, size / 2), text, "black", font, anchor="mm")
    return np.asarray(cell, np.uint8)
