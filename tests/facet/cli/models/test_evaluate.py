import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from facet.cli import app
from tests.faces import draw_face, jpeg
from tests.training.data.made_up import put
from tests.training.drawn import samples
from training.data.shards import write_shard

PROTOCOLS = {"lfw", "affectnet", "reconstruction", "disentanglement", "generation", "edits", "groups"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops of three splits; those of validation are named as UTKFace's are."""
    folder = tmp_path_factory.mktemp("prepared")
    named = [replace(sample, key=f"30_1_0_{number}") for number, sample in enumerate(samples(20, "val", 12))]
    write_shard(folder / "0.parquet", [*samples(12, "test"), *named, *samples(12, "train", 32)])
    return folder


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folds of pairs among the test crops."""
    path = tmp_path_factory.mktemp("pairs") / "pairs.txt"
    lines = ["2\t1", "Person0\t0\t1", "Person0\t0\tPerson1\t2", "Person2\t4\t5", "Person2\t4\tPerson3\t6"]
    path.write_text("\n".join(lines) + "\n")
    return path


def facet(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def complaint(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_every_protocol_prints_a_table_and_writes_figures_and_a_plot(
    prepared: Path, pairs: Path, tmp_path: Path, protocol: str
) -> None:
    more = ["--pairs", pairs, "--fold", 2] if protocol == "lfw" else []
    result = facet(protocol, "--data", prepared, "--model", "dummy", "--to", tmp_path / "new", *more)
    assert result.exit_code == 0, result.output
    *_, data, plot = result.stdout.splitlines()
    report = json.loads(Path(data).read_text())
    assert report["model"].startswith("dummy")
    assert Path(data).name == f"{protocol}.json"
    assert Path(plot).read_bytes().startswith(b"\x89PNG")
    for cell in (cell for table in report["tables"] for row in table for cell in row):
        assert cell in result.stdout
    if protocol == "groups":
        assert report["figures"]["female"]["faces"] == 20
    if protocol == "lfw":
        assert report["figures"]["held_out_fold"] == 2


def test_both_protocols_of_cfp(tmp_path: Path) -> None:
    root, keys = tmp_path / "cfp", {}
    for view, folder in (("F", "frontal"), ("P", "profile")):
        keys[view] = [f"{person:03d}/{folder}/{number:02d}" for person in range(4) for number in (1, 2)]
        for key in keys[view]:
            put(root / f"Data/Images/{key}.jpg", b"a picture")
        listed = [*keys[view], f"009/{folder}/01"]  # the last of somebody who is not in this copy
        lines = [f"{number} ../Data/Images/{key}.jpg" for number, key in enumerate(listed, 1)]
        put(root / f"Protocol/Pair_list_{view}.txt", "\n".join(lines) + "\n")
    for protocol in ("FF", "FP"):  # of the last two people
        put(root / f"Protocol/Split/{protocol}/02/same.txt", "5,6\n7,8\n")
        put(root / f"Protocol/Split/{protocol}/02/diff.txt", "5,7\n6,8\n6,9\n")
    all_keys = [*keys["F"], *keys["P"][:-1]]  # one profile was not found
    crops = [
        replace(sample, key=key, split="test" if key[:3] > "001" else "val")
        for sample, key in zip(samples(len(all_keys)), all_keys, strict=True)
    ]
    (tmp_path / "prepared").mkdir()
    write_shard(tmp_path / "prepared" / "0.parquet", crops)
    options = ["--root", root, "--model", "dummy", "--fold", 2, "--to", tmp_path]
    result = facet("cfp", "--data", tmp_path / "prepared", *options)
    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "cfp.json").read_text())["figures"]
    assert figures["fold"] == 2
    assert figures["FF"]["identity"]["accuracy"] in {0, 0.25, 0.5, 0.75, 1}
    assert figures["pairs"] == {"FF": [4, 5], "FP": [4, 5]}
    # Of the four pairs with profiles two are with the one that was not found.
    assert figures["FP"]["identity"]["accuracy"] <= 0.5
    assert result.stdout.splitlines()[0].split() == ["sub-vector", "FF", "fold", "FF", "AUC", "FP", "fold", "FP", "AUC"]
    assert result.stdout.splitlines()[9].split() == ["pairs", "4", "of", "5", "4", "of", "5"]


def test_detection_reads_the_photographs_themselves(pairs: Path, tmp_path: Path) -> None:
    root = tmp_path / "lfw"
    for number, picture in enumerate([draw_face(200, 0), draw_face(200, 1), np.full((200, 200, 3), 128, np.uint8)]):
        (root / f"Person{number}").mkdir(parents=True)
        (root / f"Person{number}" / f"Person{number}_0001.jpg").write_bytes(jpeg(picture))
    result = facet("detection", "--root", root, "--pairs", pairs, "--fold", 1, "--to", tmp_path)
    assert result.exit_code == 0, result.output
    # Fold 1 has the people 0 and 1; the grey picture is of another.
    assert result.stdout.splitlines()[0].split() == ["faces", "found", "by", "facet", "2"]
    assert json.loads((tmp_path / "detection.json").read_text())["figures"]["found"] == 1.0


def test_quality_reads_the_photographs_themselves(tmp_path: Path) -> None:
    root = tmp_path / "lfw"
    for number in range(60):
        person = f"Person{number // 2}"
        (root / person).mkdir(parents=True, exist_ok=True)
        (root / person / f"{person}_{number % 2 + 1:04}.jpg").write_bytes(jpeg(draw_face(120, seed=number // 2)))
    options = ["--split", "train", "--people", 25, "--model", "dummy", "--to", tmp_path]
    result = facet("quality", "--lfw", root, *options)
    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "quality.json").read_text())["figures"]
    assert (figures["detector"], figures["people"]) == ("facet", 25)
    everything = figures["without likeness"][0]
    assert (everything["threshold"], everything["share"]) == (0.0, 1.0)
    assert "there are no pictures" in complaint(facet("quality", *options))


def test_without_a_protocol_it_is_the_summary(prepared: Path, pairs: Path, tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    options = ["--data", prepared, "--pairs", pairs, "--fold", 1, "--model", "dummy", "--no-yardstick"]
    result = facet(*options, "--output", output)
    assert result.exit_code == 0, result.output
    assert json.loads(output.read_text())["faces"] == 12
    assert result.stdout == facet("summary", *options).stdout
    listed = facet("--help").stdout
    assert all(f"  {name} " in listed for name in {"summary", "detection", "cfp", *PROTOCOLS})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["edits", "--judges"], "name Face Landmarker's file"),
        (["edits", "--judges", "--landmarker", "none.task"], "there is no Face Landmarker at none.task"),
        (["affectnet", "--split", "nothing"], "hold no crops of the split 'nothing'"),
        (["groups", "--split", "test"], "no group of age, gender or race has 20 faces"),
        (["wrong"], "No such command 'wrong'"),
    ],
)
def test_mistakes_are_one_message(prepared: Path, arguments: list[str], message: str) -> None:
    assert message in complaint(facet(*arguments, "--data", prepared, "--model", "dummy"))
