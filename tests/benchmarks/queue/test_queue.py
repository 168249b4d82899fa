"""The benchmark of the queue, at a size that says nothing of its speed."""

import argparse
import re

import pytest

from benchmarks.queue.__main__ import Outcome, Usage, measure, report


@pytest.mark.parametrize(("clients", "tasks"), [(1, range(1, 16)), (4, range(40, 41))])
def test_every_figure_is_measured_with_real_processes(clients: int, tasks: range) -> None:
    options = argparse.Namespace(pictures=40, heartbeats=2, workers=1, device_ms=5.0, seconds=0.5)
    found = measure(clients, options)
    # The calls of one client share tasks; of several each is a task of its own.
    assert found.tasks in tasks
    assert 1 <= found.batch <= 40
    # No faster than the device.
    assert 0 < found.rate <= found.batch / 0.005
    assert 0 < found.median_wait <= found.last_wait < 60
    assert found.picture_bytes > 500
    assert min(found.api_ms, found.worker_ms) > 0


def outcome(rate: float, batch: float, kilobytes: float) -> Outcome:
    return Outcome(Usage(0.1, 0.1), Usage(kilobytes, 0.5), 100, batch, rate, 0.5, 0.9, 9000.0, 0.5, 0.4)


@pytest.mark.parametrize(
    ("most", "missed"),
    [
        (outcome(95.0, 41.0, 9.0), []),
        (outcome(85.0, 41.0, 9.0), ["rate of 100 clients over 1"]),
        (outcome(95.0, 39.0, 11.0), ["100 clients: traffic of one, waiting", "100 clients: mean batch"]),
    ],
)
def test_the_bars_are_those_of_the_most_clients(most: Outcome, missed: list[str]) -> None:
    table = report({1: outcome(100.0, 4.0, 99.0), 100: most}, {})
    assert [row.name for row in table.rows if row.met is False] == missed
    assert len(re.findall(r" met$", table.text(), re.M)) == 6 - len(missed)
