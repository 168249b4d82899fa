"""Which device the networks run on, in which type of numbers, and how much of its memory they may take."""

import torch

from model.attributes import EMBEDDING_SIZE
from model.engine.backend import Precision
from model.errors import InvalidRequest
from model.face_model import FaceModel

HALVES = (7, 0)
"""CUDA's compute capability from which a device multiplies 16-bit numbers faster than float32."""
SIXTEEN_BITS, EIGHT_BITS = ("avx512_bf16", "amx_tile"), ("avx512_vnni", "avx_vnni")
"""Sets of instructions by which a processor multiplies such numbers faster than float32."""
PROBES = 4
"""Faces on which it is tried whether a model's numbers fit into float16."""


def choose_device(name: str) -> torch.device:
    """`auto` takes a CUDA device if there is one; a CUDA device always has its number.

    Raises InvalidRequest for a CUDA device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if device.type != "cuda":
        return device
    count = torch.cuda.device_count()
    if not (device.index or 0) < count:
        raise InvalidRequest(f"There is no device {name}: PyTorch sees {count} CUDA devices here.")
    return torch.device("cuda", torch.cuda.current_device() if device.index is None else device.index)


def choose_precision(name: Precision, device: torch.device, model: FaceModel | None = None) -> torch.dtype:
    """`auto` takes the 16-bit type that the device multiplies faster than float32, if it has one.

    On a GPU that is float16, which rounds eight times more finely than bfloat16 at the same speed, unless numbers of
    the `model` are too large for it.
    """
    if name not in ("auto", "int8"):
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[name]
    if device.type == "cuda":
        if torch.cuda.get_device_capability(device) < HALVES:
            return torch.float32
        return torch.float16 if model is None or fits_float16(model, device) else torch.bfloat16
    return torch.bfloat16 if _has(*SIXTEEN_BITS) else torch.float32


def reads_in_8_bits(name: Precision, device: torch.device) -> bool:
    """Whether faces are to be read in whole numbers of 8 bits.

    `auto` does so on processors that multiply those faster than float32 but no 16-bit type, which rounds far more
    finely. Raises InvalidRequest where `int8` is asked of a GPU.
    """
    if name == "int8" and device.type == "cuda":
        raise InvalidRequest("The precision int8 is for processors; leave FACET_PRECISION out on a GPU.")
    return name == "int8" or (name == "auto" and device.type == "cpu" and _has(*EIGHT_BITS) and not _has(*SIXTEEN_BITS))


def _has(*instructions: str) -> bool:
    """Whether the processor has one of some sets of instructions."""
    there = torch.cpu.get_capabilities()
    return any(there.get(name, False) for name in instructions)


@torch.inference_mode()
def fits_float16(model: FaceModel, device: torch.device) -> bool:
    """Whether a model on a device draws random faces and reads them in float16 without a number beyond its range."""
    z = torch.randn(PROBES, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.autocast(device.type, torch.float16):
        images = model.decoder(z)
        again = model.encode(images.clamp(-1.0, 1.0))
    return bool(images.isfinite().all() and again.isfinite().all())


def limit_memory(device: torch.device, most_bytes: int) -> None:
    """Let this process take no more of a GPU's memory; what would need more fails, and leaves the rest to others."""
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, most_bytes / total), device)


def memory(device: torch.device) -> dict[str, int]:
    """Bytes of a GPU's memory by what they are: `tensors`, `reserved` for this process, and `free` for anybody."""
    if device.type != "cuda":
        return {}
    free, _ = torch.cuda.mem_get_info(device)
    return {
        "tensors": torch.cuda.memory_allocated(device),
        "reserved": torch.cuda.memory_reserved(device),
        "free": free,
    }
