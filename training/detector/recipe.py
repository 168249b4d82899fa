"""Everything that decides a training run of the detector."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from model.networks.detector_network import DetectorConfig
from training.detector.composing import Composition
from training.detector.loss import LossWeights
from training.recipe import Optimiser, check_keys


@dataclass(frozen=True)
class DetectorRecipe:
    """A recipe file's content."""

    stage: Literal["detector"]
    steps: int
    batch_size: int = 32
    sides: tuple[int, ...] = (192, 256, 320)
    """Sides of the composed pictures, multiples of 32; each batch has one of them."""
    seed: int = 1
    network: DetectorConfig = field(default_factory=DetectorConfig)
    composition: Composition = field(default_factory=Composition)
    weights: LossWeights = field(default_factory=LossWeights)
    score_power: float = 0.5
    """A score learns this power of a box's overlap: below 1 small faces, whose boxes fit less well, score nearer to
    large ones, and one threshold does for both."""
    optimiser: Optimiser = field(default_factory=Optimiser)
    workers: int = 0
    """Processes that compose pictures; without any, the training process does between its steps."""
    checkpoint_minutes: float = 3.0
    log_steps: int = 20
    validation_steps: int = 500
    validation_pictures: int = 256
    sheet_steps: int = 500

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 2:
            raise ValueError(f"expected steps >= 1 and batch_size >= 2, not {self.steps} and {self.batch_size}")
        if not self.sides or any(side % 32 or side < 64 for side in self.sides):
            raise ValueError(f"expected sides that are multiples of 32 from 64 on, not {self.sides}")

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "DetectorRecipe":
        """From parsed TOML or JSON. Raises ValueError naming the key for one that is unknown or does not fit."""
        check_keys(cls, data, _NESTED)
        try:
            return TypeAdapter(cls).validate_python(data)
        except ValidationError as error:
            wrong = (f"{'.'.join(str(key) for key in entry['loc'])}: {entry['msg']}" for entry in error.errors())
            raise ValueError("; ".join(wrong)) from error


_NESTED: dict[str, type[Any]] = {
    "network": DetectorConfig,
    "composition": Composition,
    "weights": LossWeights,
    "optimiser": Optimiser,
}
