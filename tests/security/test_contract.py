"""A short run of `benchmarks.contract`: every answer to a generated request is as the document says."""

import re
from pathlib import Path

from benchmarks.contract import SETTINGS, check
from benchmarks.tools.dummy_service import service

LEAST = 60


def test_every_answer_is_documented(tmp_path: Path) -> None:
    with service(tmp_path, SETTINGS) as running:
        code, report = check(running.url, 2, 1, phases=["examples", "fuzzing"])
    assert code == 0, report
    [generated] = re.findall(r"(\d+) generated", report)
    assert int(generated) > LEAST
