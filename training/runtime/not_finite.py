"""A loss that became NaN or infinite, and the pictures behind it."""

import math

import torch

from training.data.batches import Batches
from training.forward_passes import Passes
from training.runtime import distributed as ranks


class NotFinite(ArithmeticError):
    """A loss or the gradient became NaN or infinite; no network has changed."""

    def __init__(self, step: int, values: dict[str, float], keys: list[str], suspects: list[str]) -> None:
        self.step, self.values, self.keys, self.suspects = step, values, keys, suspects
        self.terms = [name for name, value in values.items() if not math.isfinite(value)]
        who = f"from the pictures {', '.join(suspects)}" if suspects else "from no single picture of the batch"
        super().__init__(f"step {step}: {', '.join(self.terms)} not finite, {who}; losses {values}")


def check_finite(values: dict[str, float], step: int, passes: Passes, batches: Batches) -> None:
    """Raises NotFinite if a value is not finite, with the keys of the step's pictures.

    Suspects are the pictures whose own pixels, labels or latents are not finite; a label that is NaN is unknown and
    not suspect.
    """
    if all(map(math.isfinite, values.values())):
        return
    labels = [label.flatten(1) for label in vars(passes.batch).values() if label.is_floating_point() and len(label)]
    rows = [passes.batch.images.flatten(1).isnan(), passes.z.isnan() | passes.z.isinf()]
    rows += [label.isinf() for label in labels if len(label) == len(passes.z)]
    bad = ranks.gathered(torch.stack([row.any(dim=1) for row in rows]).any(dim=0).byte())
    keys = batches.keys(step)
    raise NotFinite(step, values, keys, [key for key, wrong in zip(keys, bad.tolist(), strict=True) if wrong])
