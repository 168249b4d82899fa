"""A training run of the detector from its recipe to its checkpoints."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.optim import AdamW
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from model.engine.backend import Pixels
from model.faces.detector_checkpoint import load_detector_network, save_detector
from model.networks.detector_network import DetectorNetwork, decoded
from training.data.mixture import Source
from training.detector.batches import DetectorBatch, DetectorBatches
from training.detector.loss import detector_loss
from training.detector.material import Material
from training.detector.recipe import DetectorRecipe
from training.detector.validation import found, validate
from training.export.detector_graph import detector_graph
from training.loop import Report, learning_rate
from training.runtime.journal import Journal
from training.runtime.not_finite import NotFinite
from training.runtime.resume import load_state, save_state
from training.runtime.stop_signal import StopSignal

VALIDATION_SEED = 2**31
SHEET = 16
"""Pictures of a sheet."""
COLUMNS = 4


class DetectorTrainer:
    """The network, its running mean, its optimiser and the step that they have reached."""

    def __init__(self, recipe: DetectorRecipe, network: DetectorNetwork, device: torch.device) -> None:
        self.recipe, self.device, self.step = recipe, device, 0
        self.network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = AveragedModel(self.network, multi_avg_fn=self._average, use_buffers=True).requires_grad_(False)
        how = recipe.optimiser
        self._optimiser = AdamW(self.network.parameters(), how.learning_rate, weight_decay=how.weight_decay)

    @property
    def averaged(self) -> DetectorNetwork:
        """The network with the running mean of the weights."""
        assert isinstance(self.ema.module, DetectorNetwork)
        return self.ema.module

    @torch.no_grad()
    def _average(self, means: Sequence[Tensor], values: Sequence[Tensor], count: Tensor | int) -> None:
        """Move the running means towards the values, faster at the start, so that what is random is soon forgotten."""
        keep = min(self.recipe.optimiser.ema, (1 + int(count)) / (10 + int(count)))
        for mean, value in zip(means, values, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on; batches follow from seed and step."""
        return {
            "recipe": self.recipe.to_data(),
            "step": self.step,
            "network": self.network.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned. Raises ValueError if it is of a network of other sizes."""
        theirs = DetectorRecipe.from_data(state["recipe"]).network
        if theirs != self.recipe.network:
            raise ValueError(f"the run has a network {theirs}, the recipe {self.recipe.network}")
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self.ema.load_state_dict(state["ema"])
        self._optimiser.load_state_dict(state["optimiser"])

    def learn(self, batch: DetectorBatch) -> dict[str, float]:
        """One step. Raises NotFinite if a loss is not finite."""
        batch = batch.to(self.device)
        images = batch.images.contiguous(memory_format=torch.channels_last)
        height, width = images.shape[2:]
        terms = detector_loss(decoded(self.network(images)), batch.faces, height, width, self.recipe.score_power)
        total = torch.stack([getattr(self.recipe.weights, name) * term for name, term in terms.items()]).sum()
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        length = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.optimiser.clip)
        values = {name: float(term.detach()) for name, term in terms.items()} | {"gradient": float(length)}
        bad = {name: value for name, value in values.items() if not np.isfinite(value)}
        if bad:
            raise NotFinite(self.step, values, [], [])
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self.recipe.steps, self.recipe.optimiser)
        self._optimiser.step()
        self.ema.update_parameters(self.network)
        self.step += 1
        return values


def train_detector(
    recipe: DetectorRecipe,
    sources: Sequence[Source],
    folder: Path,
    start: Path | None = None,
    device: torch.device | None = None,
    minutes: float | None = None,
    show: Callable[[Report], None] = lambda _: None,
) -> bool:
    """Train, or go on exactly where the run's folder left off; True when the recipe's end is reached.

    Stops early after `minutes`, or on SIGTERM. `start` is a detector's file. The folder gets `state.pt`, `recipe.json`,
    `metrics.jsonl`, `sheets/` and in the end `detector.safetensors` with the running mean of the weights. Raises
    ValueError for labels that do not serve or another run's network, NotFinite if a loss is not finite.
    """
    cv2.setNumThreads(1)
    weighted = [(source.folder, 1.0 if source.weight is None else source.weight) for source in sources]
    batches = DetectorBatches(
        Material(weighted, "train"), recipe.composition, recipe.sides, recipe.batch_size, recipe.seed
    )
    torch.manual_seed(recipe.seed)
    network = DetectorNetwork(recipe.network)
    state = folder / "state.pt"
    if start is not None and not state.exists():
        network.load_state_dict(load_detector_network(start).state_dict())
    trainer = DetectorTrainer(recipe, network, device or torch.device("cpu"))
    if state.exists():
        trainer.restore(load_state(state))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(recipe.to_data(), indent=2) + "\n")
    with StopSignal(minutes) as stop, Journal(folder, trainer.step) as journal:
        watch = _Watch(trainer, _validation(weighted, recipe), folder, journal)
        coming = _coming(batches, trainer.step, recipe)
        while trainer.step < recipe.steps and not stop():
            began = time.perf_counter()
            batch = next(coming)
            waited = time.perf_counter() - began
            values = trainer.learn(batch)
            seconds = time.perf_counter() - began
            report = Report(trainer.step, values, len(batch.images) / seconds, waited / seconds)
            show(report)
            watch(report)
        watch.finish()
    return trainer.step >= recipe.steps


def _coming(batches: DetectorBatches, first: int, recipe: DetectorRecipe) -> Iterator[DetectorBatch]:
    """The batches from a step on, made in this process or by workers."""
    steps = range(first, recipe.steps)
    return iter(DataLoader(batches, batch_size=None, sampler=steps, num_workers=recipe.workers))  # type: ignore[arg-type]


def _validation(sources: list[tuple[Path, float]], recipe: DetectorRecipe) -> list[DetectorBatch]:
    """Pictures composed of the validation split's."""
    material = Material(sources, "val")
    count = max(1, recipe.validation_pictures // recipe.batch_size)
    side = sorted(recipe.sides)[len(recipe.sides) // 2]
    batches = DetectorBatches(material, recipe.composition, [side], recipe.batch_size, VALIDATION_SEED)
    return [batches[number] for number in range(count)]


class _Watch:
    """Writes what a run measures, its sheets and its checkpoints."""

    def __init__(
        self, trainer: DetectorTrainer, validation: list[DetectorBatch], folder: Path, journal: Journal
    ) -> None:
        self._trainer, self._validation, self._folder, self._journal = trainer, validation, folder, journal
        self._began = self._saved = time.monotonic()
        self._measured: dict[str, float] = {}

    def __call__(self, now: Report) -> None:
        recipe, averaged = self._trainer.recipe, self._trainer.averaged
        if now.step % recipe.validation_steps == 0:
            self._measured = validate(averaged, self._validation)
            self._journal.measured(now.step, self._measured, {})
        if now.step % recipe.log_steps == 0:
            facts = {"seconds": round(time.monotonic() - self._began, 1), "speed": now.images_per_second}
            self._journal.measured(now.step, now.losses, facts | {"waiting": now.waiting})
        if now.step % recipe.sheet_steps == 0:
            self._journal.sheet(now.step, sheet(averaged, self._validation[0]))
        if time.monotonic() - self._saved >= 60 * recipe.checkpoint_minutes:
            self.save()
            self._saved = time.monotonic()

    def save(self) -> None:
        """The state to go on from."""
        save_state(self._folder / "state.pt", self._trainer.state())

    def finish(self) -> None:
        """The same, and the running mean of the weights as a detector's file."""
        self.save()
        card = {"steps": self._trainer.step, "recipe": self._trainer.recipe.to_data(), "measured": self._measured}
        network = self._trainer.averaged
        graph = detector_graph(network)
        save_detector(self._folder / "detector.safetensors", self._folder.name, network, card, graph)


def sheet(network: DetectorNetwork, batch: DetectorBatch) -> Pixels:
    """The first pictures of a batch with what a network finds in them."""
    images = batch.images[:SHEET]
    tiles = []
    for image, faces in zip(images, found(network, images), strict=True):
        tile = np.ascontiguousarray(((image.permute(1, 2, 0) + 1) * 127.5).clamp(0, 255).numpy().astype(np.uint8))
        for face in faces:
            x, y, width, height = face.box
            cv2.rectangle(tile, (int(x), int(y)), (int(x + width), int(y + height)), (0, 255, 0), 1)
            for point in face.landmarks if face.landmarks is not None else ():
                cv2.circle(tile, (int(point[0]), int(point[1])), 1, (255, 0, 0), -1)
        tiles.append(tile)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.concatenate(tiles[first : first + COLUMNS], axis=1) for first in range(0, len(tiles), COLUMNS)]
    return np.concatenate(rows)
