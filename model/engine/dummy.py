"""A model without weights that obeys a model's laws, so that the whole service can run and be tested on it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, Vector, join, normalized, part
from model.calibration import Calibration, cosine_classifier
from model.engine.backend import Pixels

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")

SIZE = 64
BLOCK = 8
"""Side in pixels of the blocks of one colour that a drawn embedding is made of."""
GRID = SIZE // BLOCK
FRAME = np.indices((GRID, GRID)).sum(axis=0) % 2 * 255
"""The chequered rows at the top and the bottom by which a drawn embedding is recognised."""
TOLERANCE = 40.0
"""How far, out of 255, a block may be from what was drawn."""

COARSE = 16
"""Photographs are reduced to this many pixels a side before they are looked at."""
SHARPNESS = {Attribute.IDENTITY: 0.5, Attribute.EXPRESSION: 0.5, Attribute.STYLE: 1.5}
"""How quickly parts turn away from each other as pictures differ."""


class DummyModel:
    """Draws an embedding as coloured blocks, reads such a picture back, and hashes any other smoothly.

    Every part of a photograph's embedding depends on another aspect of it: pose on where it is bright, so that its
    mirror image has the opposite yaw and roll; identity on the upper half; expression on the lower half; style on
    the coarse colours. Equal crops have equal embeddings, slightly different ones close embeddings, and the unit
    parts of unrelated ones are nearly at right angles.
    """

    id = "dummy-1"
    image_size = SIZE
    read_size = SIZE
    lanes = 1
    shares_processors = False
    card: Mapping[str, Any] = {"name": "dummy", "description": "A stand-in without weights that recognises nobody."}

    def __init__(self) -> None:
        rng = np.random.default_rng(99)
        size = SPACES[Attribute.EXPRESSION].size
        directions = np.linalg.qr(rng.normal(size=(size, len(LABELS))))[0].T.astype(np.float32)
        means = dict(zip(LABELS, directions, strict=True))
        self.calibration = Calibration(0.8, 20.0, means, cosine_classifier(means, 10.0))
        half, coarse = COARSE * COARSE * 3 // 2, (COARSE // 4) ** 2 * 3
        inputs = {Attribute.IDENTITY: half, Attribute.EXPRESSION: half, Attribute.STYLE: coarse}
        self._features = {
            name: _Features(SHARPNESS[name] * rng.normal(size=(SPACES[name].size, count)), rng)
            for name, count in inputs.items()
        }

    def share(self) -> None:
        """Its thread needs nothing."""

    def embed(self, crops: Pixels) -> Vector:
        """`(n, size, size, 3)` -> `(n, 99)`."""
        # One by one: a crop's embedding does not depend on its batch, to the last bit.
        rows = [_read(crop) if _is_drawn(crop) else self._hashed(crop) for crop in crops]
        return np.stack(rows) if rows else np.empty((0, EMBEDDING_SIZE), np.float32)

    def render(self, embeddings: Vector) -> Pixels:
        """`(n, 99)` -> `(n, size, size, 3)`."""
        drawn = [_drawn(embedding) for embedding in embeddings]
        return np.stack(drawn) if drawn else np.empty((0, SIZE, SIZE, 3), np.uint8)

    def memory(self) -> Mapping[str, int]:
        """It has no device."""
        return {}

    def sample(self, count: int, seed: int) -> Vector:
        """Embeddings `(count, 99)` with directions drawn evenly from the sphere and slight poses."""
        numbers = np.random.default_rng(seed).normal(size=(count, EMBEDDING_SIZE)).astype(np.float32)
        pose = part(numbers, Attribute.POSE)
        pose[...] = np.clip(0.2 * pose, -1.0, 1.0)
        return normalized(numbers)

    def _hashed(self, crop: Pixels) -> Vector:
        small = _reduced(crop, COARSE) / 255.0
        upper, lower = np.split(small, 2)
        parts = {Attribute.POSE: _pose(small.mean(axis=-1))}
        aspects = {
            Attribute.IDENTITY: upper,
            Attribute.EXPRESSION: lower,
            Attribute.STYLE: _reduced(small, COARSE // 4),
        }
        return join(parts | {name: self._features[name](aspect.ravel()) for name, aspect in aspects.items()})


class _Features:
    """Random Fourier features (Rahimi and Recht, 2007): unit vectors whose cosine falls as a Gaussian of distance."""

    def __init__(self, frequencies: NDArray[np.float64], rng: np.random.Generator) -> None:
        self._frequencies = frequencies
        self._phases = rng.uniform(0.0, 2.0 * np.pi, len(frequencies))

    def __call__(self, numbers: NDArray[np.float64]) -> Vector:
        waves = np.cos(self._frequencies @ numbers + self._phases)
        return np.asarray(waves / np.linalg.norm(waves), np.float32)


def _pose(brightness: NDArray[np.float64]) -> Vector:
    """Pitch, yaw and roll in radians, small, of brightness `(n, n)`: its moments up, to the right, and crosswise."""
    across = np.linspace(-1.0, 1.0, len(brightness))
    weights = brightness / max(float(brightness.sum()), 1e-6)
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    return np.array([-across @ rows, across @ columns, across @ weights @ across], np.float32)


def _reduced(picture: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Means over square tiles: `(size, size, 3)`."""
    tile = len(picture) // size
    return np.asarray(picture.reshape(size, tile, size, tile, -1).mean(axis=(1, 3)))


def _inner(crop: Pixels) -> NDArray[np.float64]:
    """The colour in the middle of each block, where its neighbours do not bleed in: `(GRID, GRID, 3)`."""
    quarter = BLOCK // 4
    tiles = crop.reshape(GRID, BLOCK, GRID, BLOCK, 3)[:, quarter:-quarter, :, quarter:-quarter]
    return np.asarray(tiles.mean(axis=(1, 3)))


def _is_drawn(crop: Pixels) -> bool:
    away = np.abs(_inner(crop) - FRAME[..., None])
    return bool(away[[0, -1]].max() < TOLERANCE)


def _drawn(embedding: Vector) -> Pixels:
    shares = embedding.astype(np.float64)
    shares[SPACES[Attribute.POSE].slice] /= np.pi
    values = np.zeros((GRID - 2) * GRID * 3)
    values[:EMBEDDING_SIZE] = shares
    blocks = np.repeat(FRAME[..., None], 3, axis=-1)
    blocks[1:-1] = np.rint(np.clip((values + 1.0) * 127.5, 0.0, 255.0)).reshape(GRID - 2, GRID, 3)
    return np.kron(blocks, np.ones((BLOCK, BLOCK, 1))).astype(np.uint8)


def _read(crop: Pixels) -> Vector:
    # The little that is added keeps a part of nothing but middle grey from having no direction.
    values = _inner(crop)[1:-1].ravel() / 127.5 - 1.0 + 1e-3
    embedding = np.clip(values[:EMBEDDING_SIZE], -1.0, 1.0).astype(np.float32)
    part(embedding, Attribute.POSE)[...] *= np.float32(np.pi)
    return normalized(embedding)
