"""The one model class: four networks that turn faces into embeddings and back."""

from torch import Tensor, nn
from torch.nn import functional as F

from model.networks.config import NetworkConfig
from model.networks.decoder import Decoder
from model.networks.disentangler import Merger, Splitter
from model.networks.encoder import Encoder


class FaceModel(nn.Module):
    """Images `(n, 3, r, r)` in [-1, 1] -> z -> f, and f -> z' -> images `(n, 3, d, d)`: reading and drawing size.

    Everything outside `model/` and `training/` speaks only of f, the embedding.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.splitter = Splitter(config)
        self.merger = Merger(config)

    def encode(self, images: Tensor) -> Tensor:
        """Images `(n, 3, s, s)` of the reading size, or larger ones, which are reduced by averages, -> z `(n, 99)`."""
        if images.shape[-1] != self.config.read_size:
            images = F.adaptive_avg_pool2d(images, self.config.read_size)
        z: Tensor = self.encoder(images)
        return z

    def embed(self, images: Tensor) -> Tensor:
        """Images `(n, 3, s, s)`, as `encode` takes them, -> embeddings f `(n, 99)`."""
        f: Tensor = self.splitter(self.encode(images))
        return f

    def render(self, embeddings: Tensor) -> Tensor:
        """Embeddings f `(n, 99)` -> images `(n, 3, d, d)`."""
        images: Tensor = self.decoder(self.merger(embeddings))
        return images

    def forward(self, images: Tensor) -> Tensor:
        """The reconstruction through all four networks."""
        return self.render(self.embed(images))
