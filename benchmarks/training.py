"""Measures the training step against a bare loop over the same networks, data loading included.

    python -m benchmarks.training --sizes 64 128 --output training.json

The bare loop runs the same passes through the same networks and critics (forward, backward, step) on tensors that are
there already, and descends the mean square of what comes out: no data, no losses, no running mean, no clipping, no
reports. Both take turns, so that a change of the machine's speed hits both; the ratio is the median over the rounds.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import AdamW

from model.attributes import EMBEDDING_SIZE
from model.engine.device import choose_device
from model.face_model import FaceModel
from training.critics.updates import JUDGED, Critics
from training.data.batches import Batch
from training.data.crops import CropSet
from training.data.shards import MARGIN
from training.forward_passes import standing
from training.loop import Report, Trainer
from training.networks.classifier_features import LiteFeatures
from training.recipe import Recipe, load_recipe
from training.runtime.prefetch import moved
from training.targets.expression import EXPRESSIONS
from training.train import batches_of

CROPS = 1024
PEOPLE = 64
BAR = 0.9
"""The least share of the bare loop's speed that the training step should have."""


def made_up(image_size: int, count: int = CROPS) -> CropSet:
    """Crops of noise with every label."""
    side = round(image_size * MARGIN)
    generator = torch.Generator().manual_seed(0)

    def directions(*shape: int) -> Tensor:
        return torch.nn.functional.normalize(torch.randn(*shape, 32, generator=generator), dim=-1)

    pixels = torch.randint(256, (count, 4, side, side), dtype=torch.uint8, generator=generator)
    pixels[:, 3] = 255
    return CropSet(
        keys=[str(number) for number in range(count)],
        people=[str(number % PEOPLE) for number in range(count)],
        pixels=pixels,
        pose=0.2 * torch.randn(count, 3, generator=generator),
        identity=torch.arange(count) % PEOPLE,
        expression=torch.arange(count) % len(EXPRESSIONS),
        video=torch.arange(count) % (2 * PEOPLE),
        valence_arousal=torch.rand(count, 2, generator=generator) * 2 - 1,
        data_set=torch.zeros(count, dtype=torch.long),
        identity_target=directions(count),
        expression_target=directions(count, 2),
        features={"teacher": np.empty((0, 128), np.float32), "blendshapes": np.empty((0, 52), np.float32)},
    )


class Bare:
    """The networks of a trainer's recipe in the plainest loop, on one batch that stays where it is."""

    def __init__(self, trainer: Trainer, batch: Batch) -> None:
        self.recipe, self.batch, self.step = trainer.recipe, batch, 0
        self.losses = set(trainer.objective.losses)
        self.model = FaceModel(self.recipe.network).to(batch.images.device)
        self.model = self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for name, network in self.model.named_children():
            network.requires_grad_(any(p.requires_grad for p in getattr(trainer.model, name).parameters()))
        self.features = LiteFeatures().to(batch.images.device) if "perceptual" in self.losses else None
        self.critics = Critics(self.recipe, self.losses).to(batch.images.device)
        if self.recipe.compile:
            for network in self.model.children():
                network.compile(dynamic=False)
        self.optimiser = AdamW([p for p in self.model.parameters() if p.requires_grad], 1e-4, fused=True)
        self.critic = AdamW(self.critics.parameters(), 1e-4, fused=True) if len(self.critics) else None

    def run(self) -> None:
        """One step."""
        device = self.batch.images.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.recipe.bf16):
            outputs, fakes, z = self._model_passes()
            with standing(self.critics):
                outputs += [self.critics["image"](fake) for fake in fakes]
                outputs += [self.critics["latent"](z)] if "latent" in self.critics else []
            descend(outputs, self.optimiser)
            if self.critic is not None:
                descend(self._critic_passes([fake.detach() for fake in fakes], z.detach().float()), self.critic)
        self.step += 1

    def _model_passes(self) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """What the losses look at, the drawn faces that are judged, and z."""
        model, losses, images = self.model, self.losses, self.batch.images
        z = model.encode(images)
        outputs, drawn = [z], {}
        if self.recipe.stage == "autoencoder":
            drawn["drawn"] = model.decoder(z)
        else:
            f = model.splitter(z)
            merged = model.merger(f)
            outputs += [f, merged, model.merger(model.splitter(torch.randn_like(z)))]
            if self.recipe.stage == "joint":
                drawn["drawn"] = model.decoder(merged)
            if losses & {"cycle", "latent_cycle", "swapped_adversarial"}:
                swapped = f.detach().roll(1, 0)[: round(self.recipe.cycle_share * len(f))]
                again = model.merger(swapped)
                drawn["swapped_drawn"] = model.decoder(again)
                with standing(model.encoder, model.splitter):
                    outputs += [model.splitter(model.encode(drawn["swapped_drawn"]))] if "cycle" in losses else []
                    outputs += [model.splitter(again)] if "latent_cycle" in losses else []
            outputs += [model.splitter(model.encode(self.batch.reframed))] if "framing" in losses else []
        if "generated_adversarial" in losses:
            random = torch.randn(len(images), EMBEDDING_SIZE, device=images.device)
            if self.recipe.stage != "autoencoder":
                with standing(model.splitter):
                    random = model.merger(model.splitter(random))
            drawn["generated"] = model.decoder(random)
        if self.features is not None:
            outputs += [*self.features(drawn["drawn"]), *self.features(images)]
        outputs += [picture for name, picture in drawn.items() if name != "generated"]
        return outputs, [drawn[name] for loss, name in JUDGED.items() if loss in losses], z

    def _critic_passes(self, fakes: list[Tensor], z: Tensor) -> list[Tensor]:
        scores, slopes = [], []
        if "image" in self.critics:
            images = self.batch.images
            scores.append(self.critics["image"](torch.cat([images, *fakes])))
            if self.step % self.recipe.critics.penalty_every == 0:
                slopes.append((self.critics["image"], images))
        if "latent" in self.critics:
            scores.append(self.critics["latent"](torch.cat([z, torch.randn_like(z)])))
            slopes += [(self.critics["latent"], z), (self.critics["latent"], torch.randn_like(z))]
        with torch.autocast(z.device.type, enabled=False):
            for critic, inputs in slopes:
                inputs = inputs.detach().clone().requires_grad_()
                scores += torch.autograd.grad(critic(inputs).sum(), inputs, create_graph=True)
        return scores


def descend(outputs: list[Tensor], optimiser: AdamW) -> None:
    optimiser.zero_grad(set_to_none=True)
    torch.stack([output.float().square().mean() for output in outputs]).sum().backward()  # type: ignore[no-untyped-call]
    optimiser.step()


@dataclass
class Clock:
    """Notes when reports arrive, and ends a run after so many."""

    steps: int
    reports: list[Report]
    times: list[float]

    def note(self, report: Report) -> None:
        self.reports.append(report)
        self.times.append(time.perf_counter())

    def over(self) -> bool:
        return len(self.reports) >= self.steps


def measure(recipe: Recipe, device: torch.device, steps: int, rounds: int, count: int = CROPS) -> dict[str, Any]:
    """Images per second of both loops, their ratio, and where the rest went."""
    crops = made_up(recipe.network.image_size, count)
    batches = batches_of(recipe, crops, device)
    trainer = Trainer(recipe, FaceModel(recipe.network), batches, crops.classes, device)
    bare = Bare(trainer, moved(batches[0], device))
    ours, theirs, waiting = [], [], []
    for number in range(rounds + 1):
        clock = Clock(steps + 1, [], [])
        trainer.run(clock.note, clock.over)
        plain = timed(bare.run, steps, device)
        if number:  # the first round warms up
            # The first step of a run is left out: it waits for the first batch, as no later one does.
            ours.append(steps * recipe.batch_size / (clock.times[-1] - clock.times[0]))
            theirs.append(steps * recipe.batch_size / plain)
            waiting += [report.waiting for report in clock.reports[1:]]
    row: dict[str, Any] = {
        "pixels": recipe.network.image_size,
        "batch": recipe.batch_size,
        "images_per_second": median(ours),
        "bare_images_per_second": median(theirs),
        "ratio": median(mine / bare for mine, bare in zip(ours, theirs, strict=True)),
        "waiting_for_data": float(np.mean(waiting)),
    }
    if device.type == "cuda":
        row["gigabytes"] = torch.cuda.max_memory_allocated(device) / 1e9
        torch.cuda.reset_peak_memory_stats(device)
    return row


def timed(step: Callable[[], None], steps: int, device: torch.device) -> float:
    """Seconds for so many steps, after one that does not count."""
    step()
    synchronise(device)
    start = time.perf_counter()
    for _ in range(steps):
        step()
    synchronise(device)
    return time.perf_counter() - start


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Measure, print a table, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="joint", help="a recipe by name, or a TOML file")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128], help="pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=6, help="steps of each loop in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", action="store_true", help="compile the networks, in both loops")
    parser.add_argument("--output", type=Path, help="where to write the figures as JSON")
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    rows = []
    for size in arguments.sizes:
        recipe = load_recipe(arguments.recipe, {"network.read_size": size, "batch_size": arguments.batch})
        recipe = replace(recipe, compile=arguments.compile, steps=10**9)
        rows.append(measure(recipe, device, arguments.steps, arguments.rounds))
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{os.cpu_count()} processor cores"
    print(f"Training step of `{arguments.recipe}`, batches of {arguments.batch}, {name}; the bar is {BAR}\n")
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(f"{value:.3g}" for value in row.values()) + " |")
    if arguments.output:
        arguments.output.write_text(json.dumps({"recipe": arguments.recipe, "device": name, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
