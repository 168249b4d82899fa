"""Pose taken out of expression and style for good: whatever a straight line reads of it there."""

import torch
from torch import Tensor

from model.attributes import SPACES, Attribute
from model.face_model import FaceModel
from training.losses.embedding.leakage import with_products
from training.networks.whitening import last_layer

ERASED = (Attribute.EXPRESSION, Attribute.STYLE)


@torch.no_grad()
def erase_pose(model: FaceModel, z: Tensor, pose: Tensor) -> None:
    """Change the splitter so that no linear regression on expression or style tells pose, nor its squares and products.

    Latents z `(n, 99)` in double precision and their poses `(n, 3)`; rows whose pose is not known (NaN) count nothing.
    The change is the smallest that does so (least-squares concept erasure, Belrose et al. 2023), and affine: it is
    folded into the splitter's last layer. It is made before sub-vectors are brought to length 1, which lets a little
    back in. Merger and decoder must learn anew, from pose itself, what they read of it there. Raises ValueError where
    fewer poses are known than an embedding has numbers.
    """
    known = ~pose.isnan().any(dim=1)
    if known.sum() <= z.shape[1]:
        raise ValueError(f"the poses of {int(known.sum())} crops are too few to be taken out of {z.shape[1]} numbers")
    layer = last_layer(model.splitter.mlp)
    raw, concept = model.splitter.mlp(z[known].float()).double(), with_products(pose[known].double())
    for attribute in ERASED:
        rows = SPACES[attribute].slice
        erased, mean = eraser(raw[:, rows], concept), raw[:, rows].mean(dim=0)
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
