"""What happens to a photograph before the model sees it: decoding, detection, alignment."""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from model.engine.backend import Pixels
from model.errors import FacetError, NoFace
from model.faces.alignment import Frame, crop, frame_of, whole_frame
from model.faces.detector import Detection, Detector
from model.faces.quality import sharpness
from model.images.decode import ImageLimits, decode, decode_reduced, decode_soon, pixels_of
from worker.interface import Align
from worker.local.pixel_budget import PixelBudget
from worker.stage_timing import stage

PIXELS_AT_ONCE = 2**18
"""Pixels of one call that are decoded on the event loop itself; each takes about 20 nanoseconds."""
SIDE_PER_CROP = 15
"""Longer side at which large JPEGs are decoded, over the crop's: faces down to a twelfth of it lose nothing."""


@dataclass(frozen=True)
class AlignedFace:
    """A face of a photograph, as the model sees it."""

    detection: Detection
    frame: Frame
    crop: Pixels
    """`(size, size, 3)` at the size that the model reads."""
    sharpness: float
    """Of the crop, as `model.faces.quality` measures it."""
    shown: Pixels | None = None
    """The same at the size that it draws, where that was asked for."""


class Aligner:
    """Turns the bytes of photographs into aligned faces. Safe for several threads.

    Each has a detector of its own, but for one that is shared.
    """

    def __init__(
        self,
        load_detector: Callable[[], Detector],
        limits: ImageLimits,
        crop_size: int,
        drawing_size: int,
        budget: PixelBudget | None = None,
    ) -> None:
        """`crop_size` is what the networks read; crops often have the size that they draw.

        `budget` limits the pixels of all pictures that are decoded at a time; by default those of the largest one.
        """
        self._budget = budget or PixelBudget(limits.max_pixels)
        self._load_detector = load_detector
        self._limits = limits
        self._crop_size, self._drawing_size = crop_size, drawing_size
        self._crops = [_exactly(size, limits) for size in dict.fromkeys((crop_size, drawing_size))]
        self._own = threading.local()
        self._shared: Detector | None = None
        self._loading = threading.Lock()

    @property
    def detector(self) -> Detector:
        """This thread's detector, loaded when it is first asked for."""
        if not hasattr(self._own, "detector"):
            with self._loading:
                self._own.detector = self._shared or self._load_detector()
                self._shared = self._own.detector if self._own.detector.shared else None
        detector: Detector = self._own.detector
        return detector

    def picture(self, data: bytes) -> Pixels:
        """The upright picture in some bytes. Raises what `model.images.decode` raises."""
        with stage("decode"):
            return decode(data, self._limits)

    def room_for(self, data: bytes, side: int | None = None) -> AbstractContextManager[None]:
        """Waits until the budget has room for the pixels of a picture, decoded at a `side`; they are held inside.

        Raises what `picture` raises for a bad header.
        """
        return self._budget.held(pixels_of(data, self._limits, side))

    def at_once(self, images: Sequence[bytes], show: bool = False) -> list[list[AlignedFace]]:
        """What `faces` gives for the aligned crops up to the first that should be decoded by a thread.

        A plain file of one of the model's sizes is decoded faster here than it is handed to a thread. Any other size, a
        file with more bytes than pixel values, or one that is not plain, is for a thread.
        """
        found: list[list[AlignedFace]] = []
        for image in images[: PIXELS_AT_ONCE // self._drawing_size**2]:
            with stage("decode"):
                pixels = self._plain_crop(image)
            if pixels is None:
                break
            found.append([self._whole(pixels, 1.0, show)])
        return found

    def _plain_crop(self, data: bytes) -> Pixels | None:
        for limits in self._crops:
            with suppress(FacetError):  # of the other size, or a thread says what is wrong with it
                return decode_soon(data, limits)
        return None

    def faces(self, data: bytes, align: Align, max_faces: int, show: bool = False) -> list[AlignedFace]:
        """The faces in a picture, largest first, at least one; with `show` at the drawing size too.

        Raises NoFace and what `picture` raises.
        """
        side = max(SIDE_PER_CROP * self._crop_size, self.detector.longest if align == "auto" else 0)
        with self.room_for(data, side):
            with stage("decode"):
                pixels, factor = decode_reduced(data, self._limits, side)
            return self.faces_in(pixels, align, max_faces, show, factor)

    def faces_in(
        self, pixels: Pixels, align: Align, max_faces: int, show: bool = False, factor: float = 1.0
    ) -> list[AlignedFace]:
        """The same in a decoded picture `(h, w, 3)`, which is smaller than the original by a factor. Raises NoFace."""
        if align == "none":
            with stage("align"):
                return [self._whole(pixels, factor, show)]
        with stage("detect"):
            found = self.detector.detect(pixels, max_faces)
        if not found:
            raise NoFace("No face was found; send a picture in which a face is upright, frontal and in full view.")
        with stage("align"):
            return [self._aligned(pixels, detection, frame_of(detection), factor, show) for detection in found]

    def _whole(self, pixels: Pixels, factor: float, show: bool) -> AlignedFace:
        frame = whole_frame(pixels)
        return self._aligned(pixels, Detection(_box(frame), 1.0), frame, factor, show)

    def _aligned(self, pixels: Pixels, detection: Detection, frame: Frame, factor: float, show: bool) -> AlignedFace:
        """A face as the model sees it, placed in the original, which is larger than what was decoded by a factor."""
        crop, shown = _crop(pixels, frame, self._crop_size), _crop(pixels, frame, self._drawing_size) if show else None
        return AlignedFace(detection.scaled(factor), frame.scaled(factor), crop, sharpness(crop), shown)


def _exactly(size: int, limits: ImageLimits) -> ImageLimits:
    """Limits for pictures of one size and of no more bytes than numbers."""
    return ImageLimits(
        max_bytes=min(3 * size**2, limits.max_bytes),
        max_pixels=min(size**2, limits.max_pixels),
        min_side=max(size, limits.min_side),
    )


def _crop(pixels: Pixels, frame: Frame, size: int) -> Pixels:
    is_crop = pixels.shape[:2] == (size, size) and frame == whole_frame(pixels)
    return pixels if is_crop else crop(pixels, frame, size)


def _box(frame: Frame) -> tuple[float, float, float, float]:
    """A frame as x, y, width, height; its corner is the outer one of its first pixel."""
    x, y = (middle + 0.5 - frame.side / 2 for middle in frame.center)
    return x, y, frame.side, frame.side
