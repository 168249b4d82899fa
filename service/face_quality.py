"""The least quality that a caller asks of a face before it is enrolled."""

from model.errors import Unavailable
from worker.interface import Face


def check_quality(face: Face, least: float | None) -> None:
    """Raises LowQuality for a face below `least`, and Unavailable where a worker did not say its quality."""
    if least is None:
        return
    if face.quality is None:
        raise Unavailable("A worker of the version before does not measure quality; try again when it is replaced.")
    face.quality.check(least)
