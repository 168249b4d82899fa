"""A training step waits for the device once: what would make it wait oftener is found by reading, and where there is
a device by counting."""

import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import tiny_recipe
from tests.training.waits import waits
from training.data.batches import Batches
from training.loop import Report, Trainer

ROOT = Path(__file__).parents[2] / "training"
STEP = sorted(
    [
        *(ROOT / "losses").rglob("*.py"),
        *(ROOT / "critics").glob("*.py"),
        *(ROOT / "targets").rglob("*.py"),
        *(path for name in ("passes", "objective", "terms") if (path := ROOT / f"{name}.py").exists()),
    ]
)
"""What a step runs between its batch and the numbers that it reports."""


@pytest.mark.parametrize("path", STEP, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_step_does_not_wait_for_the_device(path: Path) -> None:
    assert waits(path.read_text()) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("known = labels >= 0\nx = x[known]", "x[known]"),
        ("x = x[~known]", "x[~known]"),
        ("pairs = ~torch.eye(3, dtype=torch.bool)\nx = x[pairs].abs()", "x[pairs]"),
        ("x = x[labels > 0, :2]", "x[labels > 0, :2]"),
        ("if not (x > 0).any():\n    return x", "not (x > 0).any()"),
        ("x = x if known.all() else -x", "known.all()"),
        ("count = known.sum().item()", "known.sum().item()"),
        ("x = torch.tensor([1.0], device=x.device)", "torch.tensor([1.0], device=x.device)"),
        ("x = x * x.new_tensor([1.0, 2.0])", "x.new_tensor([1.0, 2.0])"),
        ("x = torch.linalg.solve(x, x)", "torch.linalg.solve(x, x)"),
        ("x = labels.unique()", "labels.unique()"),
    ],
)
def test_what_waits_is_found(code: str, found: str) -> None:
    body = "".join(f"    {line}\n" for line in code.splitlines())
    assert [each.partition(": ")[2] for each in waits(f"def of(x, labels, known):\n{body}")] == [found]


@pytest.mark.parametrize(
    "code",
    [
        "x = x.masked_fill(labels < 0, 0.0)",
        "x = x[:, 3:].sum() / known.sum().clamp(min=1)",
        "rows = torch.arange(len(x), device=x.device)\nx = x[rows]",
        "if len(x) > 2 and x.shape[0] == 3:\n    return x",
        "x = torch.tensor([1.0]).to(x.device, non_blocking=True)",
        "x, _ = torch.linalg.solve_ex(x, x)",
        "if known is None:\n    return x",
    ],
)
def test_what_does_not_wait_is_let_be(code: str) -> None:
    body = "".join(f"    {line}\n" for line in code.splitlines())
    assert waits(f"def of(x, labels, {'other' if 'None' in code else 'known'}):\n{body}") == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("stage", ["autoencoder", "disentangle", "joint", "drawing"])
def test_a_step_on_a_gpu_waits_once(stage: str) -> None:
    crops, device = crop_set(40), torch.device("cuda", 0)
    recipe = replace(tiny_recipe("joint", 6), stage=stage)  # type: ignore[arg-type]
    batches = Batches(crops, 64, recipe.batch_size, 1, recipe.augmentation, recipe.reframed, device=device)
    trainer = Trainer(recipe, tiny_model(), batches, crops.classes, device)
    counts: list[int] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        def note(report: Report) -> None:
            counts.append(sum("called a synchronizing CUDA operation" in str(each.message) for each in caught))
            caught.clear()
            if report.step == 2:  # what is made once, such as a file's weights, lies behind
                torch.cuda.set_sync_debug_mode("warn")

        try:
            trainer.run(note)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert counts[2:] == [1] * len(counts[2:])
