"""The losses of twenty steps of each stage: `python -m tests.training.twenty_steps` writes them anew.

A change that should leave training alone leaves these numbers alone; one that means to change it writes them anew and
says why.
"""

import json
from pathlib import Path
from typing import Any, cast

import torch

from tests.tiny import tiny_model
from tests.training.drawn import crop_set
from tests.training.recipes import batches_for, tiny_recipe
from training.loop import Report, Trainer
from training.recipe import LEARNING, StageName

COMMITTED = Path(__file__).with_suffix(".json")
STEPS = 20


def losses(stage: str) -> dict[str, list[float]]:
    """Each loss of a stage by name, step by step, all of them weighed, with seed and networks that never change."""
    torch.manual_seed(0)
    crops = crop_set(40)
    recipe = tiny_recipe(cast(StageName, stage), STEPS, bf16=False)
    reports: list[Report] = []
    Trainer(recipe, tiny_model(), batches_for(recipe, crops), crops.classes).run(reports.append)
    names = dict.fromkeys(name for report in reports for name in report.losses)
    return {name: [report.losses[name] for report in reports if name in report.losses] for name in names}


def processor() -> str:
    """What rounds: the same numbers come to the last digit only from the same library on the same kind of processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    said = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    # The name alone may be that of several generations.
    kind = [said.get("model name", "unknown"), *(f"{each} {said.get(each, '?')}" for each in ("cpu family", "model"))]
    return ", ".join([*kind, torch.backends.cpu.get_cpu_capability(), f"torch {torch.__version__}"])


def committed() -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(COMMITTED.read_text())
    return stored


def write() -> None:
    """All stages, a loss a line, so that a change shows which of them changed."""
    parts = [f'"processor": {json.dumps(processor())}']
    for stage in LEARNING:
        curves = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in losses(stage).items()]
        parts.append(f"{json.dumps(stage)}: {{\n  " + ",\n  ".join(curves) + "\n}")
    COMMITTED.write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write()
