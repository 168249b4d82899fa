"""The mean over what was photographed."""

from torch import Tensor

from training.runtime import distributed as ranks


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """sum(mask · values) / sum(mask) over maps `(n, 1, h, w)`; 0 where the mask is empty.

    The denominator is the mean over all processes', so that the processes' means average to the mean over the batch.
    """
    return (values * mask).sum() / ranks.mean(mask.sum()).clamp(min=1.0)
