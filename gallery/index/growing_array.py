"""An array that grows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Column:
    """Values of one kind in the order in which they came, in memory that grows by doubling."""

    def __init__(self, kind: np.dtype[Any]) -> None:
        self._room = np.empty(0, kind)
        self._size = 0

    @property
    def values(self) -> NDArray[Any]:
        """What it holds `(n,)`, as a view that keeps what it holds."""
        return self._room[: self._size]

    def extend(self, values: Sequence[Any] | NDArray[Any]) -> None:
        """Put these after the others."""
        size = self._size + len(values)
        if size > len(self._room):
            room = np.empty(max(size, 2 * len(self._room)), self._room.dtype)
            room[: self._size] = self.values
            self._room = room
        self._room[self._size : size] = values
        self._size = size

    def trim(self) -> None:
        """Hold no more memory than the values take."""
        self._room = self.values.copy()
