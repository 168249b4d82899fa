"""A sweep goes on after what fails."""

import pytest
import torch
from torch import Tensor, nn

from benchmarks.gpu.networks import Subject, sweep
from benchmarks.gpu.task import Row, Task
from benchmarks.tools.roofline import Work

torch.set_num_threads(1)


class Narrow(nn.Module):
    """Has no room for more than one row."""

    def forward(self, rows: Tensor) -> Tensor:
        if len(rows) > 1:
            raise torch.OutOfMemoryError("too large")
        return rows + 1.0


def test_a_batch_that_fails_says_why_and_leaves_the_others() -> None:
    subject = Subject("narrow", lambda _: Narrow(), lambda count: torch.zeros(count, 3), lambda _: Work(1.0, 1.0))
    rows: list[Row] = []
    with pytest.raises(RuntimeError, match="4 failed, whose rows say why"):
        rows.extend(sweep(Task("cpu", tiny=True), subject))  # what came before the error stays
    ways = ["graph", "served", "eager", "compiled"]
    assert [(row["way"], row["batch"]) for row in rows] == [(way, count) for way in ways for count in (2, 1)]
    for row in rows:
        assert ("too large" in str(row.get("why"))) is (row["batch"] == 2)
        assert ("a second" in row) is (row["batch"] == 1)
