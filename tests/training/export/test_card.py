import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from model.calibration import Calibration
from model.checkpoint import load_checkpoint, save_checkpoint
from model.engine.dummy import DummyModel
from tests.tiny import tiny_model
from training.export.card import COMMANDS, NOTES, SHEETS, draw_sheets, markdown, take_in

CARD = {
    "summary": "A test.",
    "data": [{"name": "Drawn | faces", "terms": "none", "use": "pictures"}],
    "weaknesses": {"size": "64 pixels"},
    "metrics": {"faces": 8, "pose_degrees": {"yaw": 1.23456}},
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, "drawn-model", tiny_model(), Calibration(), CARD)
    return path


def report(folder: Path, name: str, model: str, figure: float) -> None:
    figures = {"identity": {"accuracy": figure, "roc": [[0, 1], [0, 1]]}}
    tables = [[["", "accuracy"], ["identity", str(figure)]]]
    content = {"model": model, "figures": figures, "tables": tables}
    (folder / f"{name}.json").write_text(json.dumps(content))


def test_reports_are_taken_into_the_card_and_the_weights_stay(model: Path, tmp_path: Path) -> None:
    before = load_checkpoint(model)
    report(tmp_path, "lfw", before.id, 0.9)
    assert take_in(model, tmp_path) == ["lfw"]
    after = load_checkpoint(model)
    assert after.id == before.id
    assert all(value.equal(after.model.state_dict()[name]) for name, value in before.model.state_dict().items())
    assert after.card["metrics"] == CARD["metrics"]
    assert after.card["reports"]["lfw"]["figures"] == {"identity": {"accuracy": 0.9}}  # the curve stays outside
    report(tmp_path, "groups", after.id, 0.8)
    assert take_in(model, tmp_path) == ["lfw", "groups"]
    assert set(load_checkpoint(model).card) == {*CARD, "reports"}


def test_reports_of_another_model_and_none_at_all_are_refused(model: Path, tmp_path: Path) -> None:
    content = model.read_bytes()
    with pytest.raises(ValueError, match="has no reports"):
        take_in(model, tmp_path)
    report(tmp_path, "lfw", "other-1", 0.9)
    with pytest.raises(ValueError, match=r"lfw.json measured the model other-1, not drawn-model-"):
        take_in(model, tmp_path)
    assert model.read_bytes() == content


def test_the_card_for_people_has_every_figure_with_its_command(model: Path, tmp_path: Path) -> None:
    report(tmp_path, "lfw", load_checkpoint(model).id, 0.9)
    take_in(model, tmp_path)
    text = markdown("drawn-1", load_checkpoint(model).card, sheets=True)
    assert text.startswith("# drawn-1\n\nA test.\n\n## Data\n")
    assert "| Drawn \\| faces | pictures | none |" in text
    assert "| pose_degrees.yaw | 1.2346 |" in text
    assert (
        f"### lfw\n\n`{COMMANDS['lfw']}`\n\n{NOTES['lfw']}\n\n|  | accuracy |\n| --- | --- |\n| identity | 0.9 |"
        in text
    )
    assert "| size | 64 pixels |" in text
    assert all(f"({name})" in text for name in SHEETS)
    assert "Pictures" not in markdown("drawn-1", CARD, sheets=False)
    assert markdown("bare", {}, sheets=False) == "# bare\n"


def test_the_sheets_show_generated_faces_and_say_so(tmp_path: Path) -> None:
    draw_sheets(DummyModel(), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(SHEETS)
    sheets = {name: Image.open(BytesIO((tmp_path / name).read_bytes())) for name in SHEETS}
    sizes = {name: sheet.size for name, sheet in sheets.items()}
    assert sizes == {"random.png": (6 * 64, 6 * 64), "swaps.png": (8 * 64, 13 * 64), "pose.png": (8 * 64, 12 * 64)}
    assert all("trainedAlgorithmicMedia" in sheet.info["XML:com.adobe.xmp"] for sheet in sheets.values())
