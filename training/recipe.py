"""What a training stage is: which networks learn, from which losses, for how long."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from model.networks.config import NetworkConfig
from training.data.augmentation import Augmentation

StageName = Literal["autoencoder", "disentangle", "joint", "drawing"]
NetworkName = Literal["encoder", "decoder", "splitter", "merger"]
PartName = Literal["pose", "identity", "expression", "style"]
"""The words of `Attribute`, as a saved state holds them."""
CONFIGS = Path(__file__).parent / "configs"

LEARNING: dict[str, tuple[str, ...]] = {
    "autoencoder": ("encoder", "decoder"),
    "disentangle": ("splitter", "merger"),
    "joint": ("encoder", "decoder", "splitter", "merger"),
    "drawing": ("merger", "decoder"),
}
"""The networks that each stage changes; the others stand still."""


@dataclass(frozen=True)
class Weights:
    """The weight of each loss; 0 leaves it out."""

    reconstruction: float = 1.0
    structural: float = 0.5
    detail: float = 0.0
    """Fine contrast that is missing."""
    perceptual: float = 0.0
    """In the features of an image classifier."""
    grid: float = 0.0
    """Patterns that repeat with the grid of pixels."""
    smoothness: float = 0.0
    """Unrest where nothing was photographed."""
    likeness: float = 0.0
    """In the descriptors of a face recognition network, of faces as they are and with a part swapped."""
    second_reader: float = 0.0
    """By another model's encoder, likewise."""
    distilled_reading: float = 0.0
    """Another model's embeddings of the photographs."""
    distilled_drawing: float = 0.0
    """Another model's drawings of random faces and of swaps."""
    image_adversarial: float = 0.0
    """Reconstructions judged by the image critic."""
    swapped_adversarial: float = 0.0
    """Faces with a swapped attribute, likewise."""
    generated_adversarial: float = 0.0
    """Faces drawn from N(0, I), likewise."""
    feature_matching: float = 0.0
    """Reconstructions in the image critic's own features."""
    latent: float = 0.1
    """z through splitter and merger."""
    latent_adversarial: float = 0.0
    """z judged by the latent critic."""
    latent_moments: float = 0.0
    """z brought to N(0, I) without a critic."""
    pose: float = 0.0
    identity: float = 0.0
    """The teacher's geometry."""
    identity_class: float = 0.0
    identity_triplet: float = 0.0
    identity_contrastive: float = 0.0
    expression: float = 0.0
    """The blendshapes' geometry."""
    expression_class: float = 0.0
    expression_triplet: float = 0.0
    """By class and by distance in valence and arousal."""
    style_video: float = 0.0
    """Faces of one video share their style."""
    style_uniformity: float = 0.0
    framing: float = 0.0
    """Two frames of a picture share identity and expression."""
    leakage: float = 0.0
    """What one sub-vector tells of another."""
    cycle: float = 0.0
    """Swapped, drawn and read again."""
    latent_cycle: float = 0.0
    """Swapped, merged and split again, without a picture."""


@dataclass(frozen=True)
class Optimiser:
    """AdamW with a linear warm-up, a plateau, and a decay to zero at the end."""

    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_steps: int = 200
    decay_steps: int = 1000
    schedule: Literal["linear", "cosine"] = "linear"
    """The shape of the decay; cosine with `decay_steps` as long as the run is the cosine schedule without plateau."""
    clip: float = 5.0
    """The gradient's greatest norm."""
    ema: float = 0.998
    """Decay of the running mean of the weights, which is what is evaluated and exported."""


@dataclass(frozen=True)
class CriticOptions:
    """How the discriminators learn."""

    pace: float = 1.0
    """Their learning rate over the networks'."""
    beta1: float = 0.9
    """Adam's memory of past gradients; games are often played with 0."""
    penalty: float = 1.0
    """Weight of the image critic's slope at photographs."""
    penalty_every: int = 16
    """The slope is measured in one of so many steps, and weighs as much more then."""
    ramp_steps: int = 1000
    """Steps over which the weight of the image critic's opinion rises from 0."""
    patches: bool = False
    """Whether the image critic judges patches, not the picture as a whole."""
    classifier: bool = False
    """Whether it looks through an image classifier too."""
    disguise: bool = False
    """Whether it sees photographs and drawn faces under random colours and shifts, lest it learns them by heart."""

    def __post_init__(self) -> None:
        if self.penalty_every < 1:
            raise ValueError(f"expected penalty_every >= 1, not {self.penalty_every}")


@dataclass(frozen=True)
class Distillation:
    """How a sub-vector learns from its targets."""

    direct: float = 1.0
    """How much it is brought to them themselves, beside their distances."""
    tolerance: float = 0.0
    """By how much its similarities may differ from theirs at no cost."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run."""

    stage: StageName
    steps: int
    batch_size: int = 64
    seed: int = 1
    network: NetworkConfig = field(default_factory=NetworkConfig)
    weights: Weights = field(default_factory=Weights)
    optimiser: Optimiser = field(default_factory=Optimiser)
    critics: CriticOptions = field(default_factory=CriticOptions)
    augmentation: Augmentation = field(default_factory=Augmentation)
    cycle_share: float = 0.5
    """Part of the batch whose swaps are drawn and read again."""
    cycle_ramp_steps: int = 1000
    """Steps over which the cycle's weight rises from 0."""
    swap_chances: tuple[float, float, float, float] = (0.25, 0.25, 0.25, 0.25)
    """How often pose, identity, expression and style are swapped in the cycle."""
    identity_distillation: Distillation = field(default_factory=Distillation)
    expression_distillation: Distillation = field(default_factory=Distillation)
    importance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What a pixel counts in the losses of pictures: of what surrounds the face, of the face, of eyes, brows, mouth."""
    standing: tuple[NetworkName, ...] = ()
    """Networks that stand still though the stage changes them."""
    erase_pose: bool = False
    """Take what tells pose out of expression and style before the first step."""
    likeness_network: str = "face_recognition_model-weights_manifest.json"
    """Where the network of the weight `likeness` is described: a file of npm's `@vladmandic/face-api`."""
    second_reader: str = ""
    """The file of the model that reads for the weight `second_reader`."""
    distilled_from: str = ""
    """The file of the model of the weights `distilled_reading` and `distilled_drawing`: a larger one, or an earlier."""
    distilled_parts: tuple[PartName, ...] = ("pose", "identity", "expression", "style")
    """What of the embeddings `distilled_reading` compares; the other parts are free."""
    reframed_share: float = 0.25
    """Part of the batch that is read in a second frame."""
    together: int = 1
    """Faces of one person, in pairs of a video, that come in the same batch, for losses that compare them."""
    bf16: bool = True
    compile: bool = False
    """Let `torch.compile` make one program of each network: minutes at the start for faster steps on a GPU."""
    checkpoint_minutes: float = 3.0
    log_steps: int = 20
    sheet_steps: int = 500

    def __post_init__(self) -> None:
        if self.stage not in get_args(StageName):
            raise ValueError(f"stage is {self.stage!r}, expected one of {get_args(StageName)}")
        if self.steps < 1 or self.batch_size < 2:
            raise ValueError(f"expected steps >= 1 and batch_size >= 2, not {self.steps} and {self.batch_size}")
        if not self.learning:
            raise ValueError(f"no network learns: {', '.join(self.standing)} stand still")
        if self.together < 1:
            raise ValueError(f"expected together >= 1, not {self.together}")
        if self.sheet_steps < 1 or self.log_steps < 1:
            raise ValueError(f"expected sheet_steps >= 1 and log_steps >= 1, not {self.sheet_steps}, {self.log_steps}")

    @property
    def reframed(self) -> int:
        """How many of a batch are read in a second frame."""
        return round(self.reframed_share * self.batch_size) if self.weights.framing else 0

    @property
    def learning(self) -> tuple[str, ...]:
        """The networks that are changed."""
        return tuple(name for name in LEARNING[self.stage] if name not in self.standing)

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Recipe":
        """From parsed TOML or JSON; networks whose `read_size` alone is given get the proportions that fit it.

        Raises ValueError for a value that does not fit, or for an unknown key, naming the nearest valid one.
        """
        check_keys(cls, data, _NESTED)
        network = data.get("network")
        if isinstance(network, dict):
            proportions = NetworkConfig.for_size(network.get("read_size", NetworkConfig.read_size)).to_data()
            data = data | {"network": proportions | network}
        try:
            return TypeAdapter(cls).validate_python(data)
        except ValidationError as error:
            wrong = (f"{'.'.join(str(key) for key in entry['loc'])}: {entry['msg']}" for entry in error.errors())
            raise ValueError("; ".join(wrong)) from error


_NESTED = {
    "network": NetworkConfig,
    "weights": Weights,
    "optimiser": Optimiser,
    "critics": CriticOptions,
    "augmentation": Augmentation,
    "identity_distillation": Distillation,
    "expression_distillation": Distillation,
}


def check_keys(kind: type[Any], data: dict[str, Any], nested: Mapping[str, type[Any]], where: str = "") -> None:
    """Raises ValueError for a key that a dataclass, or one of those nested in it, has no field for."""
    names = [entry.name for entry in fields(kind)]
    for key, value in data.items():
        if key not in names:
            near = get_close_matches(key, names, 1, 0.0)
            raise ValueError(f"unknown key {where}{key}; did you mean {where}{near[0]}?")
        if key in nested and isinstance(value, dict):
            check_keys(nested[key], value, {}, f"{key}.")


def load_recipe(name: str, overrides: dict[str, Any] | None = None, network: NetworkConfig | None = None) -> Recipe:
    """A recipe of one of the stages; `network` is what one gets that says nothing of its networks.

    Raises what `read_recipe` and `Recipe.from_data` raise.
    """
    data = read_recipe(name, overrides)
    if network is not None and "network" not in data:
        data["network"] = network.to_data()
    return Recipe.from_data(data)


def recipes() -> dict[str, Path]:
    """The files of all recipes that are shipped, by name."""
    return {file.stem: file for file in sorted(CONFIGS.rglob("*.toml")) if not file.stem.endswith(".card")}


def read_recipe(name: str, overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """A recipe's data, by the name of its file in `training/configs/`, or by a path to any TOML file.

    `overrides` maps dotted keys such as `optimiser.learning_rate` to values. Raises ValueError if there is no such
    recipe.
    """
    path = recipes().get(name, Path(name))
    if not path.is_file():
        known = ", ".join(recipes())
        raise ValueError(f"there is no recipe {name!r}; known: {known}, or the path of a TOML file")
    data = tomllib.loads(path.read_text())
    for dotted, value in (overrides or {}).items():
        *groups, key = dotted.split(".")
        table = data
        for group in groups:
            table = table.setdefault(group, {})
            if not isinstance(table, dict):
                raise ValueError(f"there is no {dotted}: {group} is a single value")
        table[key] = value
    return data
