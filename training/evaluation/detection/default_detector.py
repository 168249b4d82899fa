"""How often the service's detector finds the face of a photograph."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from model.engine.backend import Pixels
from model.errors import FacetError
from model.faces.detector import Detection, Detector
from model.images.decode import ImageLimits, decode
from training.data.sources.pictures import Picture
from training.evaluation.plots import bars
from training.evaluation.report import Report, percent


@dataclass(frozen=True)
class DetectionRate:
    """Of photographs whose subject is in the middle, as in LFW."""

    detector: str
    pictures: int
    found: float
    """Share in which a face was found whose box holds the picture's middle."""
    elsewhere: float
    """Share in which faces were found, but none there."""
    missed: list[str]
    """Keys of the others, and of pictures that could not be read."""


def detection_rate(
    pictures: Iterable[Picture], detector: Detector, show: Callable[[], None] | None = None
) -> DetectionRate:
    """Detect faces in every picture at its full size; `show` is called after each. Raises ValueError if there is none.

    A picture that cannot be read counts as one in which nothing was found.
    """
    found = elsewhere = 0
    missed = []
    for picture in pictures:
        try:
            image = decode(picture.read(), ImageLimits())
        except FacetError:
            detections: list[Detection] = []
        else:
            detections = detector.detect(image)
            if any(_holds_middle(detection, image) for detection in detections):
                found += 1
            elif detections:
                elsewhere += 1
        if not detections:
            missed.append(picture.key)
        if show:
            show()
    count = found + elsewhere + len(missed)
    if not count:
        raise ValueError("there are no pictures to find faces in")
    return DetectionRate(detector.name, count, found / count, elsewhere / count, missed)


def _holds_middle(detection: Detection, image: Pixels) -> bool:
    x, y, width, height = detection.box
    middle_y, middle_x = (side / 2 for side in image.shape[:2])
    return bool(x <= middle_x <= x + width and y <= middle_y <= y + height)


def report(rate: DetectionRate) -> Report:
    """The three shares."""
    shares = {
        "in the middle": rate.found,
        "only elsewhere": rate.elsewhere,
        "nothing": len(rate.missed) / rate.pictures,
    }
    table = [[f"faces found by {rate.detector}", str(rate.pictures)]]
    table += [[name, percent(share)] for name, share in shares.items()]
    return Report("detection", None, asdict(rate), [table], bars({rate.detector: shares}, "share of pictures"))
