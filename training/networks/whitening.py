"""The latent z in coordinates of mean 0 and covariance I, so that z from N(0, I) draws what the encoder has seen."""

import torch
from torch import Tensor, nn

from model.engine.backend import Pixels
from model.face_model import FaceModel

CHUNK = 256
FLOOR = 1e-3
"""Of the largest standard deviation: directions in which z hardly moved are not stretched beyond it."""
NEARLY = 2.0
"""The largest standard deviation over the smallest up to which coordinates count as nearly white."""


@torch.no_grad()
def latents(model: FaceModel, pixels: Pixels) -> Tensor:
    """What the encoder makes of crops `(n, size, size, 3)`: z `(n, 99)` in double precision."""
    chunks = torch.split(torch.from_numpy(pixels), CHUNK)
    images = (chunk.permute(0, 3, 1, 2).float() / 127.5 - 1.0 for chunk in chunks)
    return torch.cat([model.encode(image).double() for image in images])


@torch.no_grad()
def whiten(model: FaceModel, z: Tensor) -> None:
    """Change the model's latent coordinates to z' = D⁻¹ Uᵀ (z - μ), where U D² Uᵀ is the covariance of z `(n, 99)`.

    The change is folded into the layers about z, which are all affine: out of the encoder and the merger, and back
    into the splitter and every layer of the decoder that reads z. Embeddings and drawn pictures stay the same to
    rounding. The axes are the principal ones, so that each row of weights keeps one scale and loses nothing in float16;
    but where z is nearly white already, as in a model that was exported before, they stay as they are, z' = U D⁻¹ Uᵀ
    (z - μ), the nearest that there are: a z draws whom it drew before.

    The latents should be many times as many as their numbers; raises ValueError for fewer than two.
    """
    if len(z) < 2:
        raise ValueError("a covariance needs the latents of at least two crops")
    mean = z.mean(dim=0)
    variances, axes = torch.linalg.eigh(torch.cov(z.T))
    deviations = variances.clamp(min=0).sqrt()
    deviations = deviations.clamp(min=FLOOR * float(deviations.max()))
    forward, back = (axes / deviations).T, axes * deviations
    if deviations.max() <= NEARLY * deviations.min():
        forward, back = axes @ forward, back @ axes.T
    for writer in (model.encoder.head, last_layer(model.merger.mlp)):
        _set(writer, forward @ writer.weight.double(), forward @ (writer.bias.double() - mean))
    for reader in (first_layer(model.splitter.mlp), *model.decoder.readers()):
        weight = reader.weight.double()
        _set(reader, weight @ back, reader.bias.double() + weight @ mean)


def first_layer(mlp: nn.Sequential) -> nn.Linear:
    return _linear(mlp[0])


def last_layer(mlp: nn.Sequential) -> nn.Linear:
    return _linear(mlp[-1])


def _linear(layer: nn.Module) -> nn.Linear:
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"z can only be whitened where the layer about it is affine, not {type(layer).__name__}")
    return layer


def _set(layer: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
