"""What is doubtful about the labels of some faces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Doubts:
    """What n labels look like beside the others."""

    wrong: NDArray[np.float64]
    """`(n,)` probability that the label is wrong; NaN for a picture without label, or whose label too few have."""
    nearest: list[str | None]
    """The other label that fits best, where there is one."""
    typical: dict[str, int]
    """For each label the row that fits it best."""
    share: float
    """Estimated share of wrong labels among those that could be judged; NaN where there is no estimate."""
