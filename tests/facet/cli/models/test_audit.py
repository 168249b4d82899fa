import csv
from pathlib import Path

from typer.testing import CliRunner

from facet.cli import app
from tests.faces import draw_face, jpeg
from tests.training.data.made_up import put

RUNNER = CliRunner()


def test_a_folder_is_audited_into_a_table_and_a_page(tmp_path: Path) -> None:
    for person in ("anna", "ben"):
        for number in range(3):
            put(tmp_path / f"faces/{person}/{number}.jpg", jpeg(draw_face(200, 10 * len(person) + number)))
    put(tmp_path / "faces/ben/broken.jpg", jpeg(draw_face(200))[:700])
    to = tmp_path / "audit"
    result = RUNNER.invoke(app, ["audit", str(tmp_path / "faces"), "--to", str(to), "--device", "cpu"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "6 pictures, 1 left out"
    assert [line.split()[0] for line in lines[1:5]] == ["identity", "expression", "duplicate", "non-face"]
    assert lines[-1] == f"see {to / 'audit.html'} and {to / 'audit.csv'}"
    with (to / "audit.csv").open(newline="") as file:
        kinds = [row["kind"] for row in csv.DictReader(file)]
    assert kinds.count("identity") == kinds.count("non-face") == 6
    page = (to / "audit.html").read_text("utf-8")
    assert "ben/broken.jpg" in page


def test_mistakes_are_one_message(tmp_path: Path) -> None:
    table = put(tmp_path / "labels.csv", "path,name\nx.png,a\n")
    for place, message in ((table, "expected a column identity or expression"), (tmp_path, "no readable picture")):
        result = RUNNER.invoke(app, ["audit", str(place), "--to", str(tmp_path / "to")])
        assert result.exit_code == 2
        assert message in " ".join(result.stderr.replace("│", "").split())
    assert not (tmp_path / "to").exists()
