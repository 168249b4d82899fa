"""Figures beside their bars."""

import json
from pathlib import Path

import pytest

from benchmarks.tools.report import Table


def test_bars_are_met_on_either_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("Figures", facts={"seconds": 8})
    table.add("stated", 1.25, "MiB")
    table.add("share", 0.9, at_least=0.9)
    table.add("added", 3.0, "ms", at_most=3.0)
    table.finish(tmp_path / "figures.json")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["MiB", "met", "met"]
    report = json.loads((tmp_path / "figures.json").read_text())
    assert [row["met"] for row in report["rows"]] == [None, True, True]
    assert report["facts"] == {"seconds": 8}


@pytest.mark.parametrize("bar", [{"at_least": 1.31}, {"at_most": 1.29}])
def test_a_missed_bar_is_exit_code_1(bar: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("Figures")
    table.add("ratio", 1.3, "", **bar)
    with pytest.raises(SystemExit) as caught:
        table.finish(None)
    assert caught.value.code == 1
    assert capsys.readouterr().out.rstrip().endswith("MISSED")
