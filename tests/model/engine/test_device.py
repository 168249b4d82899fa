"""Which device and which numbers are chosen; what a GPU says of itself is made up here."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch

from model.checkpoint import bundled, load_checkpoint
from model.engine.backend import Precision
from model.engine.device import (
    choose_device,
    choose_precision,
    fits_float16,
    limit_memory,
    memory,
    reads_in_8_bits,
)
from model.errors import InvalidRequest
from model.face_model import FaceModel
from tests.tiny import tiny_model

CPU, GPU = torch.device("cpu"), torch.device("cuda", 1)


class Properties(NamedTuple):
    total_memory: int


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Says whether a model's numbers fit into float16, without a device on which to try."""
    return lambda answer: monkeypatch.setattr("model.engine.device.fits_float16", lambda *_: answer)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_has_its_number() -> None:
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda", 0)
    assert choose_device("cuda:1") == GPU
    with pytest.raises(InvalidRequest, match="There is no device cuda:2: PyTorch sees 2"):
        choose_device("cuda:2")


def test_a_gpu_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(InvalidRequest, match="There is no device cuda: PyTorch sees 0"):
        choose_device("cuda")


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_rounds_finely_where_the_numbers_fit(
    fits: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model()
    fits(True)
    assert choose_precision("auto", GPU, model) is torch.float16
    fits(False)
    assert choose_precision("auto", GPU, model) is torch.bfloat16
    assert choose_precision("float16", GPU, model) is torch.float16
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (6, 1))
    assert choose_precision("auto", GPU, model) is torch.float32


def loud(model: FaceModel, factor: float) -> FaceModel:
    """A model whose decoder's first numbers are larger by a factor."""
    with torch.no_grad():
        next(model.decoder.parameters()).mul_(factor)
    return model


def test_whether_the_numbers_fit_is_tried() -> None:
    assert fits_float16(load_checkpoint(bundled()).model, CPU)
    assert fits_float16(tiny_model(), CPU)
    assert not fits_float16(loud(tiny_model(), 1e7), CPU)


def test_memory_is_bounded_by_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[tuple[float, Any]] = []
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Properties(8 * 2**30))
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda *given: shares.append(given))
    limit_memory(GPU, 2 * 2**30)
    limit_memory(GPU, 9 * 2**30)
    limit_memory(CPU, 1)
    assert shares == [(0.25, GPU), (1.0, GPU)]
    assert memory(CPU) == {}


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((), torch.float32),
        (("avx512_vnni",), torch.float32),
        (("avx512_bf16", "avx512_vnni"), torch.bfloat16),
        (("amx_tile", "avx512_vnni"), torch.bfloat16),
    ],
)
def test_a_processor_takes_what_it_multiplies_fastest(
    there: tuple[str, ...], expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, **dict.fromkeys(there, True)})
    assert choose_precision("auto", CPU) is choose_precision("int8", CPU) is expected
    assert reads_in_8_bits("auto", CPU) is (there == ("avx512_vnni",))
    assert reads_in_8_bits("int8", CPU)
    others: list[Precision] = ["float32", "bfloat16", "float16"]
    assert not any(reads_in_8_bits(name, CPU) for name in others)


def test_a_gpu_does_not_read_in_8_bits() -> None:
    assert not reads_in_8_bits("auto", GPU)
    with pytest.raises(InvalidRequest, match="int8 is for processors"):
        reads_in_8_bits("int8", GPU)
