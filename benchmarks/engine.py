"""How near the engine is to what the machine can do, and how far ahead of a plain torch loop.

    python -m benchmarks.engine --to engine.json

For each network: the operations of its matrix products and the bytes that it must at least move (weights, and each
layer's input and output once), the machine's ceilings (a large matrix product, a large copy), so the least time, and
the engine's share of it for each batch size, with such a batch in each of its lanes. The bare loop runs the same
networks in float32 on tensors that are there already, as anyone would in `torch.inference_mode`; the engine takes bytes
and gives bytes. They take turns, so that a change of the machine's speed hits both.
"""

import argparse
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.tools.roofline import Work, ceilings, per_second, work
from model.checkpoint import bundled, load_checkpoint
from model.engine.backend import load_backend
from model.engine.device import choose_device, choose_precision
from model.engine.engine import Engine
from model.face_model import FaceModel
from training.evaluation.faces import reduced

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LEAST_RATIO = 1.0
"""Of the bare loop's best throughput that the engine's best must have."""
ROUNDS = 5


class Contest(NamedTuple):
    """One network, served by the engine and run bare."""

    name: str
    served: Callable[[int], object]
    bare: Callable[[int], object]
    needs: Callable[[int], Work]


def contests(path: Path, engine: Engine, device: torch.device, dtype: torch.dtype) -> list[Contest]:
    """Encoding and decoding."""
    model: FaceModel = load_checkpoint(path).model.to(device)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    embeddings = engine.sample(BATCHES[-1], 0)
    crops = reduced(engine.render(embeddings), engine.read_size)
    f = torch.from_numpy(embeddings).to(device)
    images = torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1.0
    images = images.contiguous(memory_format=torch.channels_last)
    size = torch.finfo(dtype).bits // 8

    def bare(network: Callable[[Tensor], Tensor], rows: Tensor) -> Callable[[int], Tensor]:
        return torch.inference_mode()(lambda count: network(rows[:count]))

    return [
        Contest(
            "encode",
            lambda count: engine.embed(crops[:count]),
            bare(model.embed, images),
            lambda count: work(model.embed, [model.encoder, model.splitter], images[:count], size),
        ),
        Contest(
            "decode",
            lambda count: engine.render(embeddings[:count]),
            bare(model.render, f),
            lambda count: work(model.render, [model.merger, model.decoder], f[:count], size),
        ),
    ]


class Lanes:
    """The threads that keep an engine busy."""

    def __init__(self, engine: Engine) -> None:
        self.count = engine.lanes
        self._threads = ThreadPoolExecutor(engine.lanes, initializer=engine.share)

    def per_second(self, function: Callable[[], object], device: torch.device) -> float:
        """How often a function runs in a second in all of them together."""
        return sum(self._threads.map(lambda _: per_second(function, device), range(self.count)))


def measure(contest: Contest, lanes: Lanes, device: torch.device, peak: tuple[float, float]) -> list[dict[str, Any]]:
    """A row for each batch size."""
    rows = []
    for count in BATCHES:
        mine, theirs = partial(contest.served, count), partial(contest.bare, count)
        mine(), theirs()
        turns = [(lanes.per_second(mine, device), per_second(theirs, device)) for _ in range(ROUNDS)]
        served, bare = (count * median(side) for side in zip(*turns, strict=True))
        needs = contest.needs(count)
        floor = max(needs.operations / peak[0], needs.bytes_moved / peak[1])
        rows.append(
            {
                "network": contest.name,
                "batch": count,
                "faces_per_second": served,
                "milliseconds": 1000 * lanes.count * count / served,
                "floor_milliseconds": 1000 * floor,
                "share_of_floor": floor * served / count,
                "bare_faces_per_second": bare,
                "megaflops_a_face": needs.operations / count / 1e6,
                "megabytes_a_face": needs.bytes_moved / count / 1e6,
            }
        )
    return rows


def main() -> None:
    """Measure, print tables, and write JSON; a bar that is missed is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a checkpoint; the bundled one if unset")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16", "int8"))
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    device = choose_device(options.device)
    dtype = choose_precision(options.precision, device)
    path = options.model or bundled()
    engine = load_backend(str(path), options.device, options.precision)
    assert isinstance(engine, Engine)
    peak = ceilings(device, dtype)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{os.cpu_count()} processor cores"
    print(f"{name}, {dtype}: a product reaches {peak[0] / 1e9:.0f} GFLOP/s, a copy {peak[1] / 1e9:.1f} GB/s\n")
    lanes = Lanes(engine)
    rows = [row for each in contests(path, engine, device, dtype) for row in measure(each, lanes, device, peak)]
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(value if isinstance(value, str) else f"{value:.3g}" for value in row.values()) + " |")
    ratios = {}
    for network in ("encode", "decode"):
        mine = [row for row in rows if row["network"] == network]
        best, bare = (max(row[key] for row in mine) for key in ("faces_per_second", "bare_faces_per_second"))
        ratios[network] = best / bare
        print(f"\n{network}: {ratios[network]:.2f} times the bare loop at the best batch of each (bar {LEAST_RATIO})")
    if options.to is not None:
        report = {"machine": name, "precision": str(dtype), "peak": peak, "ratios": ratios, "rows": rows}
        options.to.write_text(json.dumps(report, indent=2) + "\n")
    if not np.all(np.array(list(ratios.values())) >= LEAST_RATIO):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
