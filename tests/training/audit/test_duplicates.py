import cv2
import numpy as np
import pytest

from model.engine.backend import load_backend
from tests.faces import draw_face, jpeg
from training.audit.duplicates import FLAGGED, duplicates


def again(pixels: np.ndarray) -> np.ndarray:
    """The picture through a JPEG compression."""
    decoded = cv2.imdecode(np.frombuffer(jpeg(pixels, 85), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def test_copies_are_found_among_faces_that_differ() -> None:
    backend = load_backend("", "cpu")
    faces = [draw_face(64, seed) for seed in range(12)]
    crops = np.stack([*faces, again(faces[3]), faces[7]])
    found = [pair for pair in duplicates(backend.embed(crops), crops) if pair.similarity >= FLAGGED]
    assert [(pair.first, pair.second) for pair in found] == [(7, 13), (3, 12)]
    assert found[0].similarity == pytest.approx(1.0)
    assert 0.9 < found[1].similarity < 1.0


def test_fewer_than_two_pictures_have_no_duplicates() -> None:
    backend = load_backend("", "cpu")
    crop = draw_face(64, 1)[None]
    assert duplicates(backend.embed(crop), crop) == []
    assert duplicates(backend.embed(crop)[:0], crop[:0]) == []
