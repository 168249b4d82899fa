"""The latest rows of past batches, beside which a small batch makes a large sample."""

import torch
from torch import Tensor, nn


class Queue(nn.Module):
    """Up to `size` past rows `(k, d)`, which carry no gradients (He et al. 2020, MoCo); travels in checkpoints."""

    def __init__(self, size: int) -> None:
        super().__init__()
        if size < 0:
            raise ValueError(f"a queue has a length of at least 0, not {size}")
        self.size = size
        self._past: Tensor | None = None
        self._latest: Tensor | None = None

    def joined(self, rows: Tensor) -> Tensor:
        """A batch `(n, d)` followed by the queue: `(n + k, d)`."""
        self._latest = rows.detach()
        return rows if self._past is None else torch.cat([rows, self._past.to(rows.device)])

    def push(self) -> None:
        """Let the latest batch in at the front, and the oldest rows out; for the loop to call, once a step is good."""
        if self._latest is not None:
            self._past = self.joined(self._latest)[: self.size]

    def get_extra_state(self) -> Tensor | None:
        return self._past

    def set_extra_state(self, state: Tensor | None) -> None:
        self._past = state
