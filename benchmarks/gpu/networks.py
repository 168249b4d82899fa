"""Reading, drawing and finding faces on the device, beside what the device can do at most.

The networks have the bundled model's sizes and random weights, which leaves their speed as it is.
"""

import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.gpu.task import Row, Rows, Task
from benchmarks.tools.roofline import Work, ceilings, milliseconds, per_second, work
from model.attributes import EMBEDDING_SIZE
from model.engine.device import choose_device
from model.engine.graphs import SLOTS, recorded_on_gpu
from model.engine.programs import Array, Drawer, Reader
from model.face_model import FaceModel
from model.networks.config import NetworkConfig
from model.networks.detector_cells import looks, looks_at
from model.networks.detector_network import DetectorConfig, DetectorNetwork
from model.networks.face_finder import FaceFinder, put_pictures, row_size

RECIPE = Path(__file__).parents[2] / "training" / "configs" / "facet-128.toml"
"""Whose networks the bundled model has."""
BATCHES = (256, 1, 64, 1024, 16, 4)
"""What tells most comes first; a part that is over its time leaves out what comes last."""
PICTURE = 320
"""Side at which the detector looks at a photograph first, in pixels."""
HALVES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
TINY = {"bfloat16": torch.bfloat16}
"""Processors are slow in float16."""
CALLS = 500
BARS = {"read": 2.0, "draw": 3.0, "edit": 4.0}
"""Milliseconds of one face that are aimed at; an edit reads and draws."""


def sizes(task: Task) -> NetworkConfig:
    """The bundled model's networks; tiny ones for a rehearsal."""
    if task.tiny:
        return NetworkConfig(64, (8, 8, 8, 8), (0,) * 4, (0,) * 4, finer_channels=(8,), hidden=16)
    given = tomllib.loads(RECIPE.read_text())["network"]
    return NetworkConfig.from_data(NetworkConfig.for_size(given.get("read_size", 64)).to_data() | given)


class Subject(NamedTuple):
    """One network that is measured."""

    name: str
    program: Callable[[torch.dtype], nn.Module]
    """What runs on the device, in a type of numbers."""
    rows: Callable[[int], Tensor]
    """What goes in, on the processor."""
    needs: Callable[[int], Work]
    """What a batch must cost in 16 bits."""


def encode(task: Task) -> Rows:
    """Crops to embeddings."""
    return sweep(task, reading(task))


def decode(task: Task) -> Rows:
    """Embeddings to pictures."""
    return sweep(task, drawing(task))


def detect(task: Task) -> Rows:
    """Photographs to faces, from the bytes of pixels to the boxes that no surer one overlaps."""
    return sweep(task, finding(task))


def reading(task: Task) -> Subject:
    config, device = sizes(task), choose_device(task.device)
    side, model = config.read_size, FaceModel(config).eval()
    images = torch.zeros(1, 3, side, side)
    once = work(model.embed, [model.encoder, model.splitter], images, 2)
    return Subject(
        "encode",
        lambda dtype: _placed(Reader(FaceModel(config), dtype), device),
        lambda count: torch.randint(256, (count, side, side, 3), dtype=torch.uint8),
        lambda count: _of(once, model, count),
    )


def drawing(task: Task) -> Subject:
    config, device = sizes(task), choose_device(task.device)
    model = FaceModel(config).eval()
    once = work(model.render, [model.merger, model.decoder], torch.zeros(1, EMBEDDING_SIZE), 2)
    return Subject(
        "decode",
        lambda dtype: _placed(Drawer(FaceModel(config), dtype), device),
        lambda count: torch.randn(count, EMBEDDING_SIZE),
        lambda count: _of(once, model, count),
    )


def finding(task: Task) -> Subject:
    device, side = choose_device(task.device), PICTURE
    seen = looks_at(side, looks())
    config = DetectorConfig((8,) * 5, (0,) * 4, 8) if task.tiny else DetectorConfig()
    network = DetectorNetwork(config).eval()
    once = work(network, [network], torch.zeros(1, 3, side, side), 2)
    return Subject(
        "detect",
        lambda dtype: _placed(FaceFinder(DetectorNetwork(config).eval(), side, seen, 0.0, dtype), device),
        lambda count: _photographs(count, side),
        lambda count: _of(once, network, count),
    )


def _photographs(count: int, side: int) -> Tensor:
    """Pictures of noise as the detector gets them: `(n, row_size(side))`."""
    rows = np.zeros((count, row_size(side)), np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    put_pictures(rows, [noise] * count, side, looks_at(side, looks()))
    return torch.from_numpy(rows)


def _placed(program: nn.Module, device: torch.device) -> nn.Module:
    return program.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _of(once: Work, network: nn.Module, count: int) -> Work:
    """The cost of a batch: operations and maps of each, the weights once."""
    weights = 2 * sum(parameter.numel() for parameter in network.parameters())
    return Work(count * once.operations, count * max(0.0, once.bytes_moved - weights) + weights)


def sweep(task: Task, subject: Subject) -> Rows:
    """Faces a second for each type of numbers, way of running and batch, and the share of the device's ceiling.

    One that fails, as a batch too large for the memory or a compiler that is not there, says why and leaves the others.
    """
    failed = 0
    device, batches = choose_device(task.device), (2, 1) if task.tiny else BATCHES
    small = {"side": 64, "copied": 2**16, "rounds": 1} if task.tiny else {"rounds": 2}
    for name, dtype in (TINY if task.tiny else HALVES).items():
        peak = ceilings(device, dtype, seconds=task.each, **small)
        program = subject.program(dtype)
        for way, count, run in _ways(task, program, subject, batches, device):
            tried: Row = {"network": subject.name, "numbers": name, "way": way, "batch": count}
            try:
                rate = count * run()
            except RuntimeError as error:
                failed += 1
                yield tried | {"why": f"{type(error).__name__}: {error}"[:300].replace("\n", " ")}
                continue
            needs = subject.needs(count)
            floor = max(needs.operations / peak[0], needs.bytes_moved / peak[1])
            measured: Row = {
                "a second": rate,
                "milliseconds": 1000 * count / rate,
                "share of the ceiling": floor * rate / count,
            }
            yield tried | measured
            if task.left < 0:
                break
        if task.left < 0:
            break
    if failed:
        raise RuntimeError(f"{failed} failed, whose rows say why")


def _ways(
    task: Task, program: nn.Module, subject: Subject, batches: tuple[int, ...], device: torch.device
) -> Iterator[tuple[str, int, Callable[[], float]]]:
    """Ways to run a program, each with a batch and a function that gives batches a second.

    `graph` is the device alone; `served` takes bytes and gives bytes, in as many threads as batches are under way;
    `compiled` is a graph of what `torch.compile` makes, which takes long to be made.
    """
    for count in batches:
        there = subject.rows(count).to(device)
        yield "graph", count, lambda there=there: _rate(task, _replayed(program, there, device), device)
    served = _served(program, subject.rows(1), device, min(256, max(batches)))
    for count in batches:
        rows = subject.rows(count).numpy()
        yield "served", count, lambda rows=rows: _together(task, lambda: served(rows), device)
    for count in batches[:3]:
        there = subject.rows(count).to(device)
        yield "eager", count, lambda there=there: _rate(task, lambda: program(there), device)
    compiled = torch.compile(program, backend="eager" if task.tiny else "inductor", dynamic=False)
    for count in batches[:2]:
        there = subject.rows(count).to(device)
        yield "compiled", count, lambda there=there: _rate(task, _replayed(compiled, there, device), device)


def _rate(task: Task, run: Callable[[], object], device: torch.device) -> float:
    with torch.inference_mode():
        run()
        return per_second(run, device, task.each)


def _together(task: Task, run: Callable[[], object], device: torch.device) -> float:
    """How often threads run a function in a second, all together."""
    run()
    with ThreadPoolExecutor(SLOTS) as threads:
        return sum(threads.map(lambda _: per_second(run, device, task.each), range(SLOTS)))


@torch.inference_mode()
def _replayed(program: Callable[[Tensor], Tensor], rows: Tensor, device: torch.device) -> Callable[[], object]:
    """The program on rows that stay where they are, as a graph; on a CPU, which has none, as a call."""
    if device.type != "cuda":
        return lambda: program(rows)
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, benchmark_limit=0):
        with torch.cuda.stream(stream):
            for _ in range(3):
                program(rows)
            stream.synchronize()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            result = program(rows)

    def replay() -> Tensor:
        graph.replay()
        return result

    return replay


def _served(program: nn.Module, row: Tensor, device: torch.device, largest: int) -> Callable[[Array], Array]:
    if device.type == "cuda":
        return recorded_on_gpu(program, row, device, largest)

    alone = Lock()  # as a recording runs one thread at a time

    def call(rows: Array) -> Array:
        with torch.inference_mode(), alone:
            result: Array = program(torch.from_numpy(rows)).float().numpy()
        return result

    return call


def latency(task: Task) -> Rows:
    """Milliseconds of one face, bytes to bytes: read, drawn, and both as an edit needs them."""
    device = choose_device(task.device)
    read, draw = (
        _served(subject.program(torch.bfloat16 if task.tiny else torch.float16), subject.rows(1), device, 1)
        for subject in (reading(task), drawing(task))
    )
    crop, embedding = reading(task).rows(1).numpy(), drawing(task).rows(1).numpy()
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: read(crop),
        "draw": lambda: draw(embedding),
        "edit": lambda: draw(read(crop).astype(np.float32)),
    }
    for name, call in calls.items():
        call()
        median, late = milliseconds(call, 5 if task.tiny else CALLS)
        yield {"one face": name, "median ms": median, "99 % ms": late, "aim ms": BARS[name]}
