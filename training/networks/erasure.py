"""Pose taken out of expression and style for good: whatever a straight line reads of it there."""

import torch
from torch import Tensor
from torch.nn import functional as F

from model.attributes import SPACES, Attribute
from model.face_model import FaceModel
from training.networks.whitening import last_layer

ERASED = (Attribute.EXPRESSION, Attribute.STYLE)
REFIT_STEPS, REFIT_BATCH, REFIT_RATE = 2000, 512, 1e-3
"""How the merger learns anew; AdamW, its rate falling to 0."""


def erase_pose(model: FaceModel, z: Tensor, pose: Tensor) -> None:
    """Change the splitter so that no linear regression on expression or style tells pose, and the merger with it.

    Latents z `(n, 99)` in double precision and their poses `(n, 3)`; of those whose pose is not known (NaN) nothing is
    read. The splitter's change is the smallest that does so (least-squares concept erasure, Belrose et al. 2023), and
    affine: it is folded into the last layer. It is made before sub-vectors are brought to length 1, which lets a little
    back in. The merger then learns to make the same z of what is left, where pose itself says what was erased. Raises
    ValueError where fewer poses are known than z has numbers.
    """
    known = ~pose.isnan().any(dim=1)
    if known.sum() <= z.shape[1]:
        raise ValueError(f"the poses of {int(known.sum())} crops are too few to be taken out of {z.shape[1]} numbers")
    with torch.no_grad():
        _erase(model, z[known], pose[known].double())
    _refit_merger(model, z.float())


def _erase(model: FaceModel, z: Tensor, pose: Tensor) -> None:
    layer = last_layer(model.splitter.mlp)
    raw = model.splitter.mlp(z.float()).double()
    for attribute in ERASED:
        rows = SPACES[attribute].slice
        erased, mean = eraser(raw[:, rows], pose), raw[:, rows].mean(dim=0)
        weight, bias = layer.weight[rows].double(), layer.bias[rows].double()
        layer.weight[rows] = (weight - erased @ weight).to(layer.weight)
        layer.bias[rows] = (bias - erased @ (bias - mean)).to(layer.bias)


def eraser(x: Tensor, concept: Tensor) -> Tensor:
    """The matrix P `(d, d)` for which x - P (x - mean) has no covariance with the concept, and changes least.

    P = S U Uᵀ S⁻¹, with S the root of the covariance of x `(n, d)`, and U the column space of S⁻¹ cov(x, concept), of
    concepts `(n, k)`.
    """
    x, concept = x - x.mean(dim=0), concept - concept.mean(dim=0)
    variances, axes = torch.linalg.eigh(x.T @ x / len(x))
    deviations = variances.clamp(min=1e-9 * float(variances.max())).sqrt()
    root, inverse = axes * deviations @ axes.T, axes / deviations @ axes.T
    space, sizes, _ = torch.linalg.svd(inverse @ (x.T @ concept / len(x)), full_matrices=False)
    space = space[:, sizes > 1e-6 * sizes.max()]
    projection: Tensor = root @ space @ space.T @ inverse
    return projection


def _refit_merger(model: FaceModel, z: Tensor) -> None:
    with torch.no_grad():
        f = model.splitter(z)
    parameters = [*model.merger.parameters()]
    learning = [parameter.requires_grad for parameter in parameters]
    model.merger.requires_grad_(True)
    optimiser = torch.optim.AdamW(parameters, REFIT_RATE)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, REFIT_STEPS)
    generator = torch.Generator().manual_seed(0)
    for _ in range(REFIT_STEPS):
        rows = torch.randint(len(z), (min(REFIT_BATCH, len(z)),), generator=generator)
        optimiser.zero_grad(set_to_none=True)
        F.mse_loss(model.merger(f[rows]), z[rows]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        falling.step()
    optimiser.zero_grad(set_to_none=True)
    for parameter, learns in zip(parameters, learning, strict=True):
        parameter.requires_grad_(learns)
