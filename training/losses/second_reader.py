"""What an encoder that shares nothing with the one in training sees in drawn faces.

A decoder can satisfy the encoder beside it with signals that nobody else sees. It cannot do so with two that were made
apart, if it is shown one of them only now and learns what it says of photographs.
"""

from pathlib import Path

from torch import Tensor, nn

from model.attributes import Attribute
from training.losses.embedding.cycle import CycleLoss
from training.networks.other_model import OtherModel

SEEN = (Attribute.POSE, Attribute.IDENTITY, Attribute.EXPRESSION)
"""What it has learnt from labels; what style is, each model decides for itself."""


class SecondReaderLoss(nn.Module):
    """Distance of its embeddings `(n, 99)` of drawn faces to those that it should see, as `CycleLoss` measures it."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidCheckpoint for a bad file."""
        super().__init__()
        self._reader, self._distance = OtherModel(path), CycleLoss(SEEN)

    def encode(self, images: Tensor) -> Tensor:
        """Its latents `(n, 99)` of pictures `(n, 3, s, s)`, through which gradients pass."""
        return self._reader.on(images.device).encode(images)

    def split(self, z: Tensor) -> Tensor:
        """The embeddings `(n, 99)` of latents `(n, 99)`."""
        embeddings: Tensor = self._reader.on(z.device).splitter(z)
        return embeddings

    def embed(self, images: Tensor) -> Tensor:
        """What it reads in pictures `(n, 3, s, s)`: embeddings `(n, 99)`."""
        return self.split(self.encode(images))

    def forward(self, seen: Tensor, wanted: Tensor) -> Tensor:
        distance: Tensor = self._distance(seen, wanted)
        return distance
