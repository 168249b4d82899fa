"""Distance of two pictures in the features of the model's own encoder."""

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

from model.networks.blocks import Down
from model.networks.encoder import Encoder
from training.losses.masked import masked_mean


class PerceptualLoss(nn.Module):
    """Squared distance of unit feature columns (Zhang et al. 2018, LPIPS, without learned weights), mean over levels.

    The features are those of an encoder that does not learn, given with the pictures `(n, 3, h, w)` in [-1, 1]: a
    running mean of the one in training. At each resolution the channels are scaled to length 1 at each place; what was
    not photographed counts nothing, mask `(n, 1, h, w)` in [0, 1].
    """

    def forward(self, encoder: Encoder, drawn: Tensor, image: Tensor, mask: Tensor) -> Tensor:
        levels = [
            masked_mean((mine - theirs).square().sum(dim=1, keepdim=True), F.adaptive_avg_pool2d(mask, mine.shape[-1]))
            for mine, theirs in zip(features(encoder, drawn), features(encoder, image), strict=True)
        ]
        return sum(levels[1:], levels[0]) / len(levels)


def features(encoder: Encoder, images: Tensor) -> Iterator[Tensor]:
    """The map `(n, c, h', w')` at the end of each resolution, channels of length 1."""
    x = encoder.stem(images)
    for layer in encoder.body:
        if isinstance(layer, Down):
            yield F.normalize(x.float(), dim=1)
        x = layer(x)
    yield F.normalize(x.float(), dim=1)
