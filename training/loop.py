"""The only place that steps: batches through the objective into the optimisers."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.face_model import FaceModel
from training.data.batches import Batch, Batches, generator_for
from training.objective import Objective
from training.stages import LEARNING, Optimiser, Recipe


@dataclass(frozen=True)
class Report:
    """What one step measured."""

    step: int
    losses: dict[str, float]
    images_per_second: float


class NotFinite(ArithmeticError):
    """A loss became NaN or infinite."""


def learning_rate(step: int, steps: int, how: Optimiser) -> float:
    """Warm-up, plateau, and a linear decay to zero over the last `decay_steps`."""
    rise = min(1.0, (step + 1) / max(1, how.warmup_steps))
    fall = min(1.0, (steps - step) / max(1, how.decay_steps))
    return how.learning_rate * rise * fall


class Trainer:
    """One stage of training: model, objective, optimisers and the step that they have reached."""

    def __init__(self, recipe: Recipe, model: FaceModel, batches: Batches, people: int, device: str = "cpu") -> None:
        self.recipe, self.batches, self.device = recipe, batches, torch.device(device)
        self.model = model.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.objective = Objective(recipe, people).to(self.device)
        for name, network in self.model.named_children():
            network.requires_grad_(name in LEARNING[recipe.stage])
        averaging = get_ema_multi_avg_fn(recipe.optimiser.ema)  # type: ignore[no-untyped-call]
        self.ema = AveragedModel(self.model, multi_avg_fn=averaging)
        self.step = 0
        heads = [head for head in (self.objective.people, self.objective.expressions) if head is not None]
        learning = [p for p in self.model.parameters() if p.requires_grad]
        self._optimiser = self._adam([*learning, *(p for head in heads for p in head.parameters())])
        critic = self.objective.discriminator
        self._critic: Optimizer | None = self._adam(list(critic.parameters())) if critic is not None else None

    @property
    def averaged(self) -> FaceModel:
        """The model with the running mean of the weights."""
        assert isinstance(self.ema.module, FaceModel)
        return self.ema.module

    def _adam(self, parameters: list[Tensor]) -> Optimizer:
        how = self.recipe.optimiser
        return AdamW(parameters, how.learning_rate, betas=(0.9, 0.98), weight_decay=how.weight_decay, fused=True)

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
            "random": torch.get_rng_state(),
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
        torch.set_rng_state(state["random"])

    def run(self, report: Callable[[Report], None], stop: Callable[[], bool] = lambda: False) -> bool:
        """Step until the recipe's end or until `stop` says so; True when the end is reached."""
        self.model.train()
        while self.step < self.recipe.steps and not stop():
            began = time.perf_counter()
            losses = self._step(self._to_device(self.batches[self.step]))
            speed = self.recipe.batch_size / (time.perf_counter() - began)
            self.step += 1
            report(Report(self.step, losses, speed))
        return self.step >= self.recipe.steps

    def _to_device(self, batch: Batch) -> Batch:
        moved = {name: value.to(self.device, non_blocking=True) for name, value in vars(batch).items()}
        for name in ("images", "reframed"):
            moved[name] = moved[name].contiguous(memory_format=torch.channels_last)
        return Batch(**moved)

    def _step(self, batch: Batch) -> dict[str, float]:
        recipe = self.recipe
        for group in self._optimiser.param_groups + (self._critic.param_groups if self._critic else []):
            group["lr"] = learning_rate(self.step, recipe.steps, recipe.optimiser)
        losses, z = self.objective(self.model, batch, self.step, generator_for(recipe.seed, self.step, 2))
        total = self.objective.total(losses)
        values = {name: float(loss.detach()) for name, loss in losses.items()}
        if not total.isfinite():
            bad = [name for name, value in values.items() if value != value or abs(value) == float("inf")]
            raise NotFinite(f"step {self.step}: {', '.join(bad) or 'the sum'} is not finite; losses {values}")
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        learning = [p for group in self._optimiser.param_groups for p in group["params"]]
        length = torch.nn.utils.clip_grad_norm_(learning, recipe.optimiser.clip)
        if not length.isfinite():
            raise NotFinite(f"step {self.step}: the gradient is not finite; losses {values}")
        self._optimiser.step()
        self.ema.update_parameters(self.model)
        if self._critic:
            values["discriminator"] = self._step_critic(self._critic, z)
        return values

    def _step_critic(self, critic: Optimizer, z: Tensor) -> float:
        assert self.objective.discriminator is not None
        generator = generator_for(self.recipe.seed, self.step, 3)
        loss = self.objective.discriminate(self.objective.discriminator, z, generator)
        critic.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        critic.step()
        return float(loss.detach())


class StopSignal:
    """True once SIGTERM or SIGINT has arrived, or the time is over; the step in progress is finished first.

    It listens while it is entered, and then gives the signals back to whoever had them.
    """

    def __init__(self, minutes: float | None = None) -> None:
        self._deadline = float("inf") if minutes is None else time.monotonic() + 60 * minutes
        self._told = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._tell)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _tell(self, *_: object) -> None:
        self._told = True

    def __call__(self) -> bool:
        return self._told or time.monotonic() > self._deadline
