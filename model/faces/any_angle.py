"""Looking at a picture from all four sides, for faces that lie or hang upside down."""

import numpy as np

from model.engine.backend import Pixels
from model.errors import InvalidRequest
from model.faces.detector import Detection, Detector
from model.faces.network_detector import largest, suppressed


class AnyAngleDetector:
    """Finds what another detector finds in a picture and in its three quarter turns.

    Four looks take four times as long: a face upside down may look like another, upright one, so that none is left out
    where the first has found something. Of what two looks find in one place, the surer one counts.
    """

    def __init__(self, detector: Detector) -> None:
        """Raises InvalidRequest for the cascades: without landmarks nothing says which way up a face is."""
        if detector.name == "haar":
            raise InvalidRequest("The cascades see no landmarks, which say which way up a face is: facet and yunet do.")
        self.name, self.longest, self.shared = detector.name, detector.longest, detector.shared
        self._detector = detector

    def detect(self, image: Pixels, at_most: int | None = None) -> list[Detection]:
        """The faces in an RGB picture `(h, w, 3)`, largest first; all, or no more than so many.

        The points of a face come in the order in which an upright one has them, so that the eye at the left of a face
        that hangs upside down is at the right in the picture.
        """
        found: list[Detection] = []
        for quarters in range(4):
            seen = np.ascontiguousarray(np.rot90(image, quarters))
            found += [turned_back(each, quarters, image.shape[:2]) for each in self._detector.detect(seen)]
        return largest(suppressed(found), at_most)


def turned_back(face: Detection, quarters: int, shape: tuple[int, ...]) -> Detection:
    """A face seen in `np.rot90(image, quarters)`, as it lies in the image, which has a shape `(h, w)`."""
    for turn in range(quarters, 0, -1):
        # The width of the picture before the turn.
        face = _quarter_back(face, shape[turn % 2])
    return face


def _quarter_back(face: Detection, width: int) -> Detection:
    """What lies at (x, y) of a picture that was turned by a quarter against the clock lay at (width - y, x)."""
    x, y, wide, high = face.box
    points = face.landmarks
    if points is not None:
        points = np.stack([np.float32(width - 1) - points[:, 1], points[:, 0]], axis=1)
    return Detection((width - y - high, x, high, wide), face.score, points)
