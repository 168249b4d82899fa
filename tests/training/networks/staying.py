"""That learning once more changed one part and nothing else."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from model.face_model import FaceModel


@torch.no_grad()
def assert_the_rest_stays(before: FaceModel, after: FaceModel, z: Tensor, others: Sequence[int]) -> None:
    """What the splitter makes of latents z `(n, 99)` in the `others` numbers, what the merger does, and the encoder."""
    old, new = before.splitter(z), after.splitter(z)
    assert F.mse_loss(new[:, others], old[:, others]) < 0.02 * old[:, others].var()
    asked = before.merger(old)
    assert F.mse_loss(after.merger(new), asked) < 0.1 * asked.var()
    for mine, theirs in zip(after.encoder.parameters(), before.encoder.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)
