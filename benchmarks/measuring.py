"""A folder of pictures turned into Parquet, beside the engine alone: `python -m benchmarks.measuring`.

The pictures are faces that the model draws, as JPEG: crops, which need no detection, and photographs of 250 pixels, in
which the face is found first. The three take turns:

- the networks over crops that lie in memory, in batches;
- the library, which reads, decodes, detects and aligns on threads while the networks run;
- the whole: `facet.load().measure(folder, "faces.parquet")`.

The bar: a table of crops is written at 0.9 of the networks' rate, and one of photographs at 0.9 of the library's, whose
time is mostly that of detection.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import facet
from benchmarks.tools.report import Table
from facet.library import Facet
from model.engine.backend import Pixels
from worker.interface import Align

PICTURES, SIDE = 1000, 250
BATCH = 64
ROUNDS = 3
BAR = 0.9


def main() -> None:
    """Measure and print; exit with 1 below the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    table = Table("measuring", facts={"pictures": options.pictures, "rounds": options.rounds})
    with facet.load() as model, tempfile.TemporaryDirectory() as folder:
        drawn = model.render(model.sample(options.pictures, seed=1))
        photographs = [_photograph(face) for face in drawn]
        _compare(table, model, Path(folder), "crops", "none", drawn, options.rounds)
        _compare(table, model, Path(folder), "photographs", "auto", photographs, options.rounds)
    table.finish(options.to)


def _photograph(face: Pixels) -> Pixels:
    """A face of half the height on a plain ground."""
    ground = np.full((SIDE, SIDE, 3), face[:4].mean(axis=(0, 1)), np.uint8)
    size, edge = SIDE // 2, SIDE // 4
    ground[edge : edge + size, edge : edge + size] = np.asarray(Image.fromarray(face).resize((size, size)))
    return ground


def _compare(
    table: Table, model: Facet, place: Path, name: str, align: Align, pictures: Sequence[Pixels], rounds: int
) -> None:
    """Pictures a second of all three, in turns, and the table's share of what it is held against."""
    folder = place / name
    folder.mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number:05}.jpg", quality=95)
    files = sorted(folder.iterdir())
    crops = model.crop(files, align=align)

    def networks() -> None:
        for start in range(0, len(crops), BATCH):
            model.backend.embed(crops[start : start + BATCH])

    def library() -> None:
        assert all(found.error is None for found in model.each(files, align=align, progress=False))

    def whole() -> None:
        done = model.measure(folder, place / f"{name}.parquet", align=align, progress=False)
        assert (done.faces, done.failed) == (len(files), 0)

    rates = [[_rate(run, len(files)) for run in (networks, library, whole)] for _ in range(rounds + 1)][1:]
    for column, what in enumerate(("networks alone", "library", "to Parquet")):
        table.add(f"{name}: {what}", statistics.median(rate[column] for rate in rates), "/s")
    against = 0 if align == "none" else 1
    share = statistics.median(rate[2] / rate[against] for rate in rates)
    table.add(f"{name}: table over {('networks', 'library')[against]}", share, at_least=BAR)


def _rate(run: Callable[[], None], count: int) -> float:
    begun = time.perf_counter()
    run()
    return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
