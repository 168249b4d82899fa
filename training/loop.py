"""The only place that steps: batches through the objective into the optimisers."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor
from torch.optim import AdamW, Optimizer

from model.face_model import FaceModel
from training.data.batches import Batch, Batches, generator_for
from training.forward_passes import Passes
from training.losses.objective import Objective
from training.recipe import Optimiser, Recipe
from training.runtime import distributed as ranks
from training.runtime.averaging import RunningMean
from training.runtime.gradients import MeanGradients
from training.runtime.not_finite import check_finite
from training.runtime.prefetch import Prefetch

COMPILER = "inductor"
"""What `torch.compile` makes programs with."""
BETA2 = 0.98
"""Adam's memory of past squared gradients."""


@dataclass(frozen=True)
class Report:
    """What one step measured."""

    step: int
    losses: dict[str, float]
    images_per_second: float
    waiting: float
    """The share of the step that was spent waiting for its batch."""


def learning_rate(step: int, steps: int, how: Optimiser) -> float:
    """Warm-up, plateau, and a decay to zero over the last `decay_steps`."""
    rise = min(1.0, (step + 1) / max(1, how.warmup_steps))
    left = min(1.0, (steps - step) / max(1, how.decay_steps))
    fall = left if how.schedule == "linear" else (1.0 - math.cos(math.pi * left)) / 2.0
    return how.learning_rate * rise * fall


class Trainer:
    """One stage of training: model, objective, optimisers and the step that they have reached.

    In a group of processes each trains on its rows of every batch, and all hold the same weights.
    """

    def __init__(
        self, recipe: Recipe, model: FaceModel, batches: Batches, people: int, device: str | torch.device = "cpu"
    ) -> None:
        for number in (recipe.batch_size, recipe.reframed):
            if number % ranks.count():
                raise ValueError(f"{number} pictures of a batch cannot be shared among {ranks.count()} processes")
        self.recipe, self.batches, self.device = recipe, batches, torch.device(device)
        self.model = model.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.objective = Objective(recipe, people).to(self.device)
        for name, network in self.model.named_children():
            network.requires_grad_(name in recipe.learning)
        self.ema = RunningMean(self.model, recipe.optimiser.ema)
        self.step = 0
        critics = self.objective.critics
        heads = [*self.objective.losses.parameters()]
        self._learning = [*(p for p in self.model.parameters() if p.requires_grad), *heads]
        self._optimiser = self._adam(self._learning, 0.9)
        self._critic: Optimizer | None = (
            self._adam(list(critics.parameters()), recipe.critics.beta1) if len(critics) else None
        )
        self._means, self._critic_means = MeanGradients(self._learning), MeanGradients(critics.parameters())
        if recipe.compile:
            for network in (*self.model.children(), *self.objective.references):
                network.compile(backend=COMPILER, dynamic=False)
            critics.compile_looks(COMPILER)
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True  # all batches have the same shape

    @property
    def averaged(self) -> FaceModel:
        """The model with the running mean of the weights."""
        assert isinstance(self.ema.module, FaceModel)
        return self.ema.module

    def _adam(self, parameters: list[Tensor], beta1: float) -> Optimizer:
        how = self.recipe.optimiser
        return AdamW(parameters, how.learning_rate, betas=(beta1, BETA2), weight_decay=how.weight_decay, fused=True)

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on; batches and random numbers follow from seed and step."""
        return {
            "recipe": self.recipe.to_data(),
            "step": self.step,
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "objective": self.objective.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "critic": self._critic.state_dict() if self._critic else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        self.objective.load_state_dict(state["objective"])
        self._optimiser.load_state_dict(state["optimiser"])
        if self._critic:
            self._critic.load_state_dict(state["critic"])

    def run(self, report: Callable[[Report], None], stop: Callable[[], bool] = lambda: False) -> bool:
        """Step until the recipe's end or until `stop` says so in any process; True when the end is reached."""
        self.model.train()
        with Prefetch(self.batches.__getitem__, self.device, self.step, self.recipe.steps) as coming:
            while self.step < self.recipe.steps and not ranks.anywhere(stop(), self.device):
                began, waited = time.perf_counter(), coming.waited
                losses = self._step(coming.take())
                seconds = time.perf_counter() - began
                self.step += 1
                speed, waiting = self.recipe.batch_size / seconds, (coming.waited - waited) / seconds
                report(Report(self.step, losses, speed, waiting))
        return self.step >= self.recipe.steps

    def _random(self, stream: int) -> Generator:
        """This step's random numbers, made on the device."""
        return Generator(self.device).manual_seed(generator_for(self.recipe.seed, self.step, stream).initial_seed())

    def _step(self, batch: Batch) -> dict[str, float]:
        recipe, objective = self.recipe, self.objective
        passes = Passes(recipe, self.model, batch, self._random(2), objective.critics)
        # Around all passes, which turn autocast on for their networks: weights that one has rounded serve the others.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=False):
            losses = objective(passes)
            self._optimiser.zero_grad(set_to_none=True)
            objective.total(losses, self.step).backward()  # type: ignore[no-untyped-call]
            self._means.finish()
            length = torch.nn.utils.clip_grad_norm_(self._learning, recipe.optimiser.clip)
            if self._critic:
                losses |= self._oppose(self._critic, passes)
        # Read all at once and before anything steps: the device is waited for once, and a bad step changes nothing.
        measured = torch.stack([length, *(loss.detach() for loss in losses.values())])
        values = dict(zip(["gradient", *losses], ranks.mean(measured).tolist(), strict=True))
        check_finite(values, self.step, passes, self.batches)
        rate = learning_rate(self.step, recipe.steps, recipe.optimiser)
        for optimiser, pace in ((self._optimiser, 1.0), (self._critic, recipe.critics.pace)):
            if optimiser is not None:
                for group in optimiser.param_groups:
                    group["lr"] = rate * pace
                optimiser.step()
        self.ema.update_parameters(self.model)
        objective.remember()
        return values

    def _oppose(self, critic: Optimizer, passes: Passes) -> dict[str, Tensor]:
        """The critics' losses and gradients over what the networks just made."""
        critics = self.objective.critics
        losses = critics.losses(passes, self.step)
        critic.zero_grad(set_to_none=True)
        critics.total(losses).backward()  # type: ignore[no-untyped-call]
        self._critic_means.finish()
        return losses
