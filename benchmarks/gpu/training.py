"""The training step at several sizes: pictures a second, the share of waiting for batches, and memory."""

from dataclasses import replace
from importlib.util import find_spec

from benchmarks.gpu.task import Row, Rows, Task
from benchmarks.training import CROPS, measure
from model.engine.device import choose_device
from model.networks.config import NetworkConfig
from training.networks.classifier_features import PACKAGE
from training.recipe import Recipe, load_recipe

BATCH = {64: 256, 128: 128, 256: 32}
"""Pictures in a batch, by their size."""
WAITING = 0.05
"""The share of waiting that is aimed at, at most."""


def at_64(task: Task) -> Rows:
    """At 64 pixels."""
    return _steps(task, 64)


def at_128(task: Task) -> Rows:
    """At 128 pixels."""
    return _steps(task, 128)


def at_256(task: Task) -> Rows:
    """At 256 pixels."""
    return _steps(task, 256)


def _steps(task: Task, size: int) -> Rows:
    """The joint stage, as it is and compiled, each beside a bare loop over the same networks."""
    for compiled in (False,) if task.tiny else (False, True):
        recipe = replace(_recipe(task, size), compile=compiled)
        steps, rounds, crops = (1, 1, 8) if task.tiny else (10, 2, CROPS)
        figures: Row = {"compiled": str(compiled), "aim, waiting": WAITING}
        yield figures | measure(recipe, choose_device(task.device), steps, rounds, crops)
        if task.left < task.seconds / 2:
            return


def _recipe(task: Task, size: int) -> Recipe:
    changes = {"network.read_size": size, "batch_size": 4 if task.tiny else BATCH[size]}
    if find_spec(PACKAGE) is None:
        changes["weights.perceptual"] = 0
    recipe = replace(load_recipe("joint", changes), steps=10**9)
    if not task.tiny:
        return recipe
    levels = len(recipe.network.channels)
    tiny = NetworkConfig(size, (8,) * levels, (0,) * levels, (0,) * levels, hidden=16)
    return replace(recipe, network=tiny, bf16=False)
