import json
from pathlib import Path

import cv2
from matplotlib.figure import Figure

from training.evaluation.report import Report, aligned, percent


def test_a_report_is_a_file_for_programs_and_a_picture(tmp_path: Path) -> None:
    report = Report("edits", "m-1", {"a": 0.5}, [[["x", "y"], ["long", "1"]], [["z"]]], Figure((3, 2)))
    assert report.text() == "x     y\nlong  1\n\nz"
    data, picture = report.save(tmp_path / "new")
    assert json.loads(data.read_text()) == {
        "model": "m-1",
        "figures": {"a": 0.5},
        "tables": [[["x", "y"], ["long", "1"]], [["z"]]],
    }
    assert (data.name, picture.name) == ("edits.json", "edits.png")
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    assert drawn.shape == (200, 300, 3)


def test_cells_line_up() -> None:
    assert aligned([["a", "b"], ["ccc", "dd"]]) == "a     b\nccc  dd"
    assert percent(0.98765) == "98.8 %"
