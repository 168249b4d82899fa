"""What happens to a photograph before the model sees it: decoding, detection, alignment."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from model.backend import Pixels
from model.errors import NoFace
from model.faces.alignment import Frame, crop, frame_of, whole_frame
from model.faces.detector import Detection, Detector
from model.images import ImageLimits, decode, decode_reduced
from worker.inference import Align
from worker.stages import stage

SIDE_PER_CROP = 15
"""Longer side at which large JPEGs are decoded, over the crop's: faces down to a twelfth of it lose nothing."""


@dataclass(frozen=True)
class AlignedFace:
    """A face of a photograph, as the model sees it."""

    detection: Detection
    frame: Frame
    crop: Pixels
    """`(size, size, 3)`."""


class Aligner:
    """Turns the bytes of photographs into aligned faces. Safe for several threads: each has its own detector."""

    def __init__(self, load_detector: Callable[[], Detector], limits: ImageLimits, crop_size: int) -> None:
        self._load_detector = load_detector
        self._limits = limits
        self._crop_size = crop_size
        self._own = threading.local()

    @property
    def detector(self) -> Detector:
        """This thread's detector, loaded when it is first asked for."""
        if not hasattr(self._own, "detector"):
            self._own.detector = self._load_detector()
        detector: Detector = self._own.detector
        return detector

    def picture(self, data: bytes) -> Pixels:
        """The upright picture in some bytes. Raises what `model.images.decode` raises."""
        with stage("decode"):
            return decode(data, self._limits)

    def faces(self, data: bytes, align: Align, max_faces: int) -> list[AlignedFace]:
        """The faces in a picture, largest first, at least one.

        Raises NoFace and what `picture` raises.
        """
        with stage("decode"):
            pixels, factor = decode_reduced(data, self._limits, SIDE_PER_CROP * self._crop_size)
        if align == "none":
            frame = whole_frame(pixels)
            found = [(Detection(_box(frame), 1.0), frame)]
        else:
            with stage("detect"):
                found = [(detection, frame_of(detection)) for detection in self.detector.detect(pixels)[:max_faces]]
        if not found:
            raise NoFace("No face was found; send a picture in which a face is upright, frontal and in full view.")
        with stage("align"):
            return [
                AlignedFace(detection.scaled(factor), frame.scaled(factor), self._crop(pixels, frame))
                for detection, frame in found
            ]

    def _crop(self, pixels: Pixels, frame: Frame) -> Pixels:
        size = self._crop_size
        is_crop = pixels.shape[:2] == (size, size) and frame == whole_frame(pixels)
        return pixels if is_crop else crop(pixels, frame, size)


def _box(frame: Frame) -> tuple[float, float, float, float]:
    """A frame as x, y, width, height; its corner is the outer one of its first pixel."""
    x, y = (middle + 0.5 - frame.side / 2 for middle in frame.center)
    return x, y, frame.side, frame.side
