"""Gradients become the mean of all processes', also where some layers had no part in a step."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.runtime.one_of_two import loss, network, rows

ROOT = Path(__file__).parents[3]


def test_two_processes_have_the_mean_of_both(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.training.runtime.one_of_two"]
    both = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "store")], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    found = [json.loads(each.communicate(timeout=120)[0]) for each in both]
    assert found[0] == found[1]
    for step in range(3):
        net = network()
        total = sum(loss(net, rows(rank, step), step) for rank in range(2)) / 2
        total.backward()  # type: ignore[union-attr]
        expected = [None if p.grad is None else p.grad.flatten().tolist() for p in net.parameters()]
        assert [each is None for each in expected] == [each is None for each in found[0][step]]
        for mine, theirs in zip(expected, found[0][step], strict=True):
            if mine is not None:
                assert theirs == pytest.approx(mine, rel=1e-5, abs=1e-7)
    assert found[0][1][-1] is None
