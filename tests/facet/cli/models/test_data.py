import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facet.cli import app
from facet.cli.models.data import DataSet
from tests.faces import draw_face, jpeg
from tests.training.data.made_up import face, put
from tests.training.drawn import samples
from training.data.shards import read_shards, write_shard
from training.data.sources.readers import READERS


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


def prepare(name: str, root: Path, *more: str) -> tuple[int, str]:
    """The exit code of `facet data prepare`, and what it said, in one line."""
    arguments = ["data", "prepare", name, "--root", str(root), "--to", str(root / "to"), "--workers", "1", *more]
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, " ".join(result.output.replace("│", "").split())


def test_a_layout_is_checked_first_and_every_fault_named(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    code, said = prepare("vggface2", tmp_path)
    assert code == 2
    assert "has not the layout of VGGFace2: there is no" in said
    for place in ("identity_meta.csv", "loose_bb_train.csv"):
        assert place in said
    assert not (tmp_path / "to").exists()


def test_an_owners_layout_becomes_shards_with_broken_rows_listed(tmp_path: Path) -> None:
    put(tmp_path / "data/Anna/1.6/clip/1.jpg", face(1))
    put(tmp_path / "data/Anna/1.6/clip/2.jpg", face(1)[:300])
    put(tmp_path / "data/Anna/1.6/3.jpg", face(1))
    code, said = prepare("voxceleb", tmp_path)
    assert (code, said) == (0, f"1 crops in {tmp_path}/to; 2 left out, see {tmp_path}/to/failures.jsonl")
    (sample,) = read_shards(tmp_path / "to")
    assert (sample.identity, sample.video, sample.split) == ("Anna", "clip", "train")
    beside = json.loads((tmp_path / "to/00000.failures").read_text())
    assert [failure["key"] for failure in beside] == ["Anna/1.6/3.jpg", "Anna/clip/2"]


def test_options_of_another_data_set_and_a_folder_without_pictures(tmp_path: Path) -> None:
    people = put(tmp_path / "people.txt", "0\n")
    code, said = prepare("folder", tmp_path, "--people", str(people))
    assert code == 2
    assert "are of lfw alone" in said
    put(tmp_path / "stray.jpg", face(1))
    code, said = prepare("folder", tmp_path)
    assert code == 2
    assert f"holds no pictures of folder; stray.jpg: {tmp_path}/stray.jpg: expected <identity>/stray.jpg" in said


def test_every_reader_can_be_named() -> None:
    assert {name.value for name in DataSet} == READERS.keys()


YUNET = sorted((Path(__file__).parents[4] / "shared" / "data" / "models").glob("face_detection_yunet_*.onnx"))


@pytest.mark.skipif(not YUNET, reason="YuNet's file is not in ../shared/data/models")
def test_faces_writes_where_a_teacher_sees_them(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(draw_face(200, number)))
    to = tmp_path / "labels" / "mine.jsonl"
    arguments = ["data", "faces", "unnamed", "--root", str(tmp_path), "--detector", str(YUNET[-1]), "--to", str(to)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in to.read_text().splitlines()]
    assert [row["key"] for row in rows] == ["0.jpg", "1.jpg"]
    for row in rows:
        [(x, y, width, height, score, *points)] = row["faces"]
        assert 0.9 < score <= 1
        assert abs(x + width / 2 - 100) < 8
        assert 0.45 < width / 200 < 0.75
        assert len(points) == 10
        assert 20 < y < 100 < y + height < 190
    assert CliRunner().invoke(app, [*arguments, "--empty"]).exit_code == 0
    assert len(to.read_text().splitlines()) == 2


def test_pack_says_what_it_saved(tmp_path: Path) -> None:
    (tmp_path / "lfw").mkdir()
    write_shard(tmp_path / "lfw/0.parquet", samples(3))
    result = CliRunner().invoke(app, ["data", "pack", str(tmp_path / "lfw"), "--to", str(tmp_path / "small")])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{tmp_path / 'small/lfw'}: 0.0 MB of 0.")
    assert [each.key for each in read_shards(tmp_path / "small/lfw")] == [each.key for each in samples(3)]
    empty = CliRunner().invoke(app, ["data", "pack", str(tmp_path), "--to", str(tmp_path / "small")])
    assert (empty.exit_code, "holds no prepared shards" in " ".join(empty.stderr.split())) == (2, True)
