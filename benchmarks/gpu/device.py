"""What the device is, and what it can do at most: the figures by which all others are read."""

import os
import platform

import torch

from benchmarks.gpu.task import Row, Rows, Task
from benchmarks.tools.roofline import ceilings, per_second
from model.engine.device import choose_device

TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}


def ceilings_of(task: Task) -> Rows:
    """The device's name and memory; a product's speed in each type; copies on it, to it and from it; one launch."""
    device = choose_device(task.device)
    yield {"what": "device", "is": _name(device)}
    yield {"what": "software", "is": f"python {platform.python_version()}, torch {torch.__version__}, {_cuda()}"}
    yield {"what": "processors", "value": os.cpu_count() or 1, "unit": "cores"}
    if device.type == "cuda":
        yield {"what": "memory", "value": torch.cuda.get_device_properties(device).total_memory / 1e9, "unit": "GB"}
    sizes = {"side": 64, "copied": 2**16, "rounds": 1} if task.tiny else {"rounds": 3}
    for name, dtype in TYPES.items():
        operations, moved = ceilings(device, dtype, seconds=task.each, **sizes)
        yield {"what": f"product in {name}", "value": operations / 1e12, "unit": "TFLOP/s"}
    yield {"what": "copy on the device", "value": moved / 1e9, "unit": "GB/s"}
    yield from _transfers(task, device)


def _transfers(task: Task, device: torch.device) -> Rows:
    host = torch.empty(2**16 if task.tiny else 2**28, dtype=torch.uint8)
    if device.type == "cuda":
        host = host.pin_memory()
    there = torch.empty_like(host, device=device)
    one = torch.zeros(1, device=device)
    directions = {"there": lambda: there.copy_(host, True), "back": lambda: host.copy_(there, True)}
    for name, copy in directions.items():
        speed = per_second(copy, device, task.each) * host.numel()
        yield _row(f"copy {name}, pinned", speed / 1e9, "GB/s")
    yield _row("one launch", 1e6 / per_second(lambda: one.add_(1.0), device, task.each), "µs")


def _row(what: str, value: float, unit: str) -> Row:
    return {"what": what, "value": value, "unit": unit}


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()


def _cuda() -> str:
    return f"CUDA {torch.version.cuda or 'none'}, cuDNN {torch.backends.cudnn.version() or 'none'}"
