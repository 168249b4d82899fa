from pathlib import Path

from typer.testing import CliRunner

from facet.cli import app
from tests.faces import draw_face, jpeg
from training.data.shards import read_shards


def test_prepare_writes_shards_and_says_what_was_left_out(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}_1_0_2017.jpg").write_bytes(jpeg(draw_face(200, number)))
    (tmp_path / "9_1_0_2017.jpg").write_bytes(b"no picture")
    to = tmp_path / "prepared"
    arguments = ["data", "prepare", "utkface", "--root", str(tmp_path), "--to", str(to), "--workers", "1"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"2 crops in {to}; 1 left out, see {to / 'failures.jsonl'}\n"
    assert [sample.key for sample in read_shards(to)] == ["0_1_0_2017", "1_1_0_2017"]


def test_mistakes_are_one_message(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("1\n")
    base = ["data", "prepare", "lfw", "--root", str(tmp_path), "--to", str(tmp_path / "to")]
    for arguments, message in (([], "holds no pictures"), (["--pairs", str(pairs)], "expected two numbers")):
        result = CliRunner().invoke(app, [*base, *arguments])
        assert result.exit_code == 2
        assert message in " ".join(result.stderr.replace("│", "").split())
    assert not (tmp_path / "to").exists()
