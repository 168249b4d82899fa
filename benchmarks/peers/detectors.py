"""The three detectors side by side: what they find, what they see where nothing is, and their time.

    python -m benchmarks.peers.detectors --lfw lfw-deepfunneled --pairs lfw-pairs.txt --cfp cfp-dataset \
        --yunet face_detection_yunet.onnx --nothing wallpapers/

YuNet is the reference: its boxes and landmarks are what the others should find, so it finds everything by definition,
but for pictures that are turned or tiled. The photographs are those of a fold of LFW and of CFP's people 351 to 400,
whom no network here was trained on. Pictures without faces are those of a folder, cut into squares, without those in
which YuNet sees a face; crowded ones are those of another folder in which it sees some. One core.
"""

import argparse
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.tools.report import Table
from model.engine.backend import Pixels
from model.faces.detector import Detector, load_detector
from model.images.decode import ImageLimits, decode
from training.data.sources.lfw import read_fold
from training.evaluation.detection.side_by_side import (
    Photograph,
    Row,
    at_twice_the_size,
    central,
    compare,
    crowded,
    landmark_distance,
    largest,
)

PEOPLE = range(351, 401)
"""CFP's, of whom no picture is trained on."""
SIDE = 256
"""Of the squares without faces."""
SQUARES = 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lfw", type=Path, required=True, help="the folder of LFW's people")
    parser.add_argument("--pairs", type=Path, required=True, help="LFW's pairs.txt")
    parser.add_argument("--fold", type=int, default=9)
    parser.add_argument("--cfp", type=Path, help="CFP's folder")
    parser.add_argument("--nothing", type=Path, help="a folder of pictures without faces")
    parser.add_argument("--crowds", type=Path, help="a folder of pictures with many or small faces")
    parser.add_argument("--yunet", type=Path, required=True, help="YuNet's ONNX file")
    parser.add_argument("--detector", type=Path, help="a file of `facet train detector`; the bundled one if unset")
    parser.add_argument("--every", type=int, default=1, help="take every so many pictures")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    yunet = load_detector(options.yunet)
    detectors: list[Detector] = [load_detector(kind="haar"), yunet, load_detector(options.detector)]
    keys = sorted({key for pair in read_fold(options.pairs, options.fold) for key in (pair.first, pair.second)})
    files = [options.lfw / key.rpartition("_")[0] / f"{key}.jpg" for key in keys[:: options.every]]
    photographs = [found for found in (central(file, yunet.detect) for file in files) if found]
    portraits = _portraits(options.cfp, yunet, options.every) if options.cfp else {}
    nothing = list(islice(_squares(options.nothing, yunet), SQUARES // options.every)) if options.nothing else []
    crowds = _crowds(options.crowds, yunet, options.every) if options.crowds else []
    counts = {"photographs": len(photographs), "pictures without faces": len(nothing), "crowds": len(crowds)}
    table = Table("detectors", facts=counts)
    itself = landmark_distance(photographs, at_twice_the_size(yunet.detect))
    own = Row("landmarks off, of the eyes", "yunet at twice the size", *itself)
    for row in chain(compare(detectors, photographs, portraits, nothing, crowds), [own]):
        table.add(f"{row.measure}, {row.detector} (of {row.count})", row.value)
        print(row, flush=True)
    table.finish(options.to)


def _portraits(root: Path, yunet: Detector, every: int) -> dict[str, list[Photograph]]:
    """Each view's pictures, with the face that the reference finds in them."""
    found = {}
    for view in ("frontal", "profile"):
        files = [file for number in PEOPLE for file in sorted(root.glob(f"**/{number:03}/{view}/*.jpg"))[::every]]
        found[view] = [each for each in (largest(file, yunet.detect) for file in files) if each]
    return found


def _crowds(folder: Path, yunet: Detector, every: int) -> list[Photograph]:
    return [each for each in (crowded(file, yunet.detect) for file in list(_pictures(folder))[::every]) if each]


def _squares(folder: Path, yunet: Detector) -> Iterator[Pixels]:
    """Squares of every picture at three sizes, the pictures in turns, so that few squares are of many pictures."""
    limits = ImageLimits(max_bytes=2**26)
    readers = [_cut(decode(file.read_bytes(), limits)) for file in _pictures(folder)]
    while readers:
        left = []
        for reader in readers:
            if (square := next(reader, None)) is not None:
                left.append(reader)
                if not yunet.detect(square):
                    yield square
        readers = left


def _pictures(folder: Path) -> Iterable[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in {".jpg", ".jpeg", ".png"})


def _cut(image: Pixels) -> Iterator[Pixels]:
    for shorter in (SIDE, 2 * SIDE, 4 * SIDE):
        scale = shorter / min(image.shape[:2])
        if scale > 1.0:
            return
        size = (round(scale * image.shape[1]), round(scale * image.shape[0]))
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        for top in range(0, small.shape[0] - SIDE + 1, SIDE):
            for left in range(0, small.shape[1] - SIDE + 1, SIDE):
                yield np.ascontiguousarray(small[top : top + SIDE, left : left + SIDE])


if __name__ == "__main__":
    main()
