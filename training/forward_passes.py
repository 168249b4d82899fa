"""What the networks make of one batch, each pass run once and only if a loss asks for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute
from model.face_model import FaceModel
from training.critics.augmentation import Disguise
from training.critics.networks import ImageDiscriminator
from training.data.batches import Batch
from training.recipe import Recipe
from training.runtime import distributed as ranks

CYCLE_NOISE = 0.04
"""Deviation of the noise added to a drawn face before it is read again: signals that nobody sees drown in it."""
CYCLE_SHIFT, CYCLE_ZOOM = 0.015, 0.03
"""Deviations by which its frame changes, of the side: a sharp decoder would learn what one grid of pixels tells."""


@contextmanager
def standing(*modules: nn.Module) -> Iterator[None]:
    """Let gradients pass through networks without changing them."""
    learning = [parameter for module in modules for parameter in module.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


class Passes:
    """The tensors from which losses are made. Pictures and latents are this process's rows, embeddings those of all.

    `critics` judge without learning here.
    """

    def __init__(
        self,
        recipe: Recipe,
        model: FaceModel,
        batch: Batch,
        generator: Generator,
        critics: nn.ModuleDict,
    ) -> None:
        self.recipe, self.model, self.batch = recipe, model, batch
        self.generator, self._critics = generator, critics

    @cached_property
    def z(self) -> Tensor:
        """Latents of the batch's pictures, as they are read."""
        return self._encode(self.batch.read)

    @cached_property
    def f(self) -> Tensor:
        """Their embeddings, of this process's rows."""
        embeddings: Tensor = self.model.splitter(self.z)
        return embeddings

    @cached_property
    def everyone(self) -> Tensor:
        """The embeddings of the whole batch."""
        return ranks.gathered(self.f)

    @cached_property
    def merged(self) -> Tensor:
        """The latents that the merger makes of the embeddings."""
        latents: Tensor = self.model.merger(self.f)
        return latents

    @cached_property
    def drawn(self) -> Tensor:
        """The reconstructions, through all networks that the stage has."""
        return self.draw(self.z if self.recipe.stage == "autoencoder" else self.merged)

    @cached_property
    def random_z(self) -> Tensor:
        """As many draws from N(0, I)."""
        return self.normal_rows(len(self.batch.images), EMBEDDING_SIZE)

    @cached_property
    def random_merged(self) -> Tensor:
        """What splitter and merger make of them."""
        latents: Tensor = self.model.merger(self.model.splitter(self.random_z))
        return latents

    @cached_property
    def generated(self) -> Tensor:
        """Random faces; the splitter stands still, it learns from photographs."""
        if self.recipe.stage == "autoencoder":
            return self.draw(self.random_z)
        with standing(self.model.splitter):
            f = self.model.splitter(self.random_z)
        return self.draw(self.model.merger(f))

    @cached_property
    def swapped(self) -> Tensor:
        """Embeddings of part of the rows, each with one attribute of the next face of the whole batch; no gradient."""
        embeddings = ranks.mine(swap(self.everyone.detach(), self.generator, self.recipe.swap_chances))
        share = max(2, round(self.recipe.cycle_share * self.recipe.batch_size)) // ranks.count()
        return embeddings[: max(1, share)]

    @cached_property
    def swapped_merged(self) -> Tensor:
        latents: Tensor = self.model.merger(self.swapped)
        return latents

    @cached_property
    def swapped_drawn(self) -> Tensor:
        return self.draw(self.swapped_merged)

    @cached_property
    def reread(self) -> Tensor:
        """The embeddings of the swapped faces as drawn.

        Encoder and splitter stand still: they learn to read from photographs, so the decoder must draw what they see
        in photographs, and the two cannot agree on a private code.
        """
        seen = self.disturbed(self.swapped_drawn)
        with standing(self.model.encoder, self.model.splitter):
            embeddings: Tensor = self.model.splitter(self._encode(seen))
        return embeddings

    def disturbed(self, drawn: Tensor) -> Tensor:
        """Drawn faces in slightly other frames and with noise, lest a reader is shown what nobody sees."""
        seen = moved(drawn, self.normal_rows(len(drawn), 3))
        return seen + CYCLE_NOISE * self.normal_rows(*seen.shape)

    @cached_property
    def remerged(self) -> Tensor:
        """The swapped embeddings after merger and splitter, without a picture in between; the splitter stands still."""
        with standing(self.model.splitter):
            embeddings: Tensor = self.model.splitter(self.swapped_merged)
        return embeddings

    @cached_property
    def reframed(self) -> Tensor:
        """The embeddings of the first rows in another frame."""
        embeddings: Tensor = self.model.splitter(self._encode(self.batch.reframed))
        return embeddings

    def part(self, attribute: Attribute) -> Tensor:
        """A sub-vector of the whole batch."""
        return self.everyone[:, SPACES[attribute].slice]

    def label(self, name: str) -> Tensor:
        """A field of the whole batch."""
        return ranks.gathered(getattr(self.batch, name))

    def regression(self, attribute: Attribute, name: str) -> tuple[Tensor, Tensor, Tensor]:
        """A sub-vector, the numbers that it should be, and the rows `(n,)` in which they are known (not NaN)."""
        target = self.label(name)
        return self.part(attribute), target.nan_to_num(), ~target.isnan().any(dim=1)

    @cached_property
    def disguise(self) -> Disguise | None:
        """What the image critic's view of each row is changed by, if the recipe says so."""
        if not self.recipe.critics.disguise:
            return None
        return Disguise.random(len(self.batch.images), self.generator)

    @cached_property
    def drawn_judged(self) -> tuple[Tensor, list[Tensor]]:
        """The image critic's scores of the reconstructions, and its features of them."""
        return self._judged(self.drawn)

    @cached_property
    def image_features(self) -> list[Tensor]:
        """The image critic's features of the photographs, seen as the reconstructions are."""
        with torch.no_grad():
            _, features = self._judged(self.batch.images)
        return features

    def scores(self, images: Tensor) -> Tensor:
        """The image critic's judgement of drawn faces, which does not learn here."""
        scores, _ = self.drawn_judged if images is self.drawn else self._judged(images)
        return scores

    def shown(self, images: Tensor) -> Tensor:
        """What the image critic sees of some pictures: what was photographed in the batch's, perhaps disguised."""
        seen = images * self.batch.masks[: len(images)]
        return seen if self.disguise is None else self.disguise(seen)

    def _judged(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        critic = self._critics["image"]
        assert isinstance(critic, ImageDiscriminator)
        with standing(critic), self.precision():
            scores, features = critic.look(self.shown(images))
        return scores.float(), [each.float() for each in features]

    def latent_scores(self) -> Tensor:
        """The latent critic's judgement of z."""
        critic = self._critics["latent"]
        with standing(critic):
            scores: Tensor = critic(self.z)
        return scores

    def draw(self, z: Tensor) -> Tensor:
        with self.precision():
            images: Tensor = self.model.decoder(z)
        return images.float()

    def normal(self, *shape: int) -> Tensor:
        """Draws from N(0, 1), the same in all processes."""
        return torch.randn(shape, generator=self.generator, device=self.generator.device)

    def normal_rows(self, rows: int, *shape: int) -> Tensor:
        """Draws from N(0, 1) for this process's rows; those of all processes are those that one would draw."""
        return ranks.mine(self.normal(rows * ranks.count(), *shape))

    def precision(self) -> torch.autocast:
        """bf16 for the large networks where the recipe says so; what follows them keeps float32's precision."""
        return torch.autocast(self.batch.images.device.type, torch.bfloat16, enabled=self.recipe.bf16)

    def _encode(self, images: Tensor) -> Tensor:
        with self.precision():
            z = self.model.encode(images)
        return z.float()


def moved(images: Tensor, normal: Tensor) -> Tensor:
    """Images `(n, 3, h, w)` in slightly other frames, by draws `(n, 3)` from N(0, 1) cut off at 2.

    Beyond their edges these are repeated.
    """
    zoom, *shift = normal.clamp(-2.0, 2.0).unbind(dim=1)
    zoom, shift = CYCLE_ZOOM * zoom, [CYCLE_SHIFT * each for each in shift]
    none = torch.zeros_like(zoom)
    rows = [torch.stack([1 + zoom, none, 2 * shift[0]], dim=1), torch.stack([none, 1 + zoom, 2 * shift[1]], dim=1)]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def swap(f: Tensor, generator: Generator, chances: Sequence[float] = (1.0,) * len(SPACES)) -> Tensor:
    """Embeddings `(n, 99)`, each with one random attribute taken from the next row; the rest is bit-equal."""
    odds = torch.tensor(chances).to(generator.device, non_blocking=True)  # a plain copy would wait for the device
    chosen = torch.multinomial(odds, len(f), replacement=True, generator=generator)
    taken = torch.zeros(len(f), EMBEDDING_SIZE, dtype=torch.bool, device=f.device)
    for number, space in enumerate(SPACES.values()):
        taken[:, space.slice] = (chosen == number)[:, None]
    return torch.where(taken, f.roll(-1, dims=0), f)
