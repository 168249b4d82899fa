import json
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from model.attributes import EMBEDDING_SIZE, SPACES, Attribute, normalized
from model.calibration import Calibration
from model.checkpoint import bundled, load_checkpoint, save_checkpoint
from model.engine.backend import load_backend
from model.errors import InvalidCheckpoint
from model.face_model import FaceModel
from model.sealed_file import content_hash
from tests.tiny import TINY, tiny_model

DIRECTION = np.full(SPACES[Attribute.EXPRESSION].size, 1 / np.sqrt(SPACES[Attribute.EXPRESSION].size), np.float32)
MEANS = {"happiness": DIRECTION, "neutral": -DIRECTION}
CALIBRATION = Calibration(0.3, 12.5, MEANS, {"happiness": np.append(DIRECTION, 0.5), "neutral": np.zeros(33)})
CARD = {"summary": "é", "steps": 3, "metrics": {"ssim": 0.5}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.safetensors"
    save_checkpoint(file, "tiny", tiny_model(), CALIBRATION, CARD)
    return file


def rewritten(path: Path, **changes: str) -> Path:
    """The same tensors under a changed header with a hash that fits."""
    tensors, metadata = load_file(path), header(path)
    del metadata["sha256"]
    metadata = {key: value for key, value in (metadata | changes).items() if value}
    save_file(
        tensors,
        path,
        metadata | {"sha256": content_hash({name: tensor.numpy() for name, tensor in tensors.items()}, metadata)},
    )
    return path


def header(path: Path) -> dict[str, str]:
    data = path.read_bytes()
    metadata: dict[str, str] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return metadata


def refused(path: Path) -> str:
    """What loading the file says."""
    with pytest.raises(InvalidCheckpoint) as caught:
        load_checkpoint(path)
    assert str(path) in caught.value.message
    return caught.value.message


def test_it_gives_back_the_half_precision_weights_exactly(path: Path) -> None:
    loaded, half = load_checkpoint(path).model, tiny_model()
    half.load_state_dict({name: value.half().float() for name, value in half.state_dict().items()})
    images = torch.rand(3, 3, 64, 64) * 2 - 1
    assert torch.equal(loaded.embed(images), half.embed(images))
    assert torch.equal(loaded(images), half(images))
    assert {value.dtype for value in loaded.state_dict().values()} == {torch.float32}


def test_it_gives_back_sizes_calibration_and_card(path: Path) -> None:
    loaded = load_checkpoint(path)
    assert loaded.model.config == TINY
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    assert loaded.card == CARD
    means = loaded.calibration.expression_means
    assert (loaded.calibration.threshold, loaded.calibration.slope) == (0.3, 12.5)
    weights = loaded.calibration.expression_classifier
    assert np.array_equal(weights["happiness"], np.append(DIRECTION, np.float32(0.5)))
    assert weights["neutral"].dtype == np.float32
    assert list(means) == ["happiness", "neutral"]
    assert np.array_equal(means["happiness"], DIRECTION)
    assert means["happiness"].dtype == np.float32


def test_a_file_without_a_classifier_classes_by_cosines(path: Path) -> None:
    means = {label: mean.tolist() for label, mean in MEANS.items()}
    before = {"threshold": 0.3, "slope": 12.5, "expression_means": means, "expression_sharpness": 3.0}
    found = load_checkpoint(rewritten(path, calibration=json.dumps(before))).calibration
    assert found.expression_probabilities(DIRECTION)["happiness"] == pytest.approx(1 / (1 + np.exp(-6.0)))


def test_the_id_is_the_name_and_a_hash_of_the_networks(path: Path) -> None:
    def saved(model: FaceModel, *others: Any) -> str:
        save_checkpoint(path, "tiny", model, *others)
        return load_checkpoint(path).id

    first = load_checkpoint(path).id
    assert first.startswith("tiny-")
    assert len(first) == len("tiny-") + 12
    # What a gallery holds stays comparable whatever else a file says.
    for others in ((CALIBRATION, CARD), (Calibration(), CARD), (CALIBRATION, {}), (CALIBRATION, CARD, b"a graph")):
        assert saved(tiny_model(), *others) == first
    for name, network in tiny_model().named_children():
        changed = tiny_model()
        with torch.no_grad():
            next(changed.get_submodule(name).parameters())[0] += 0.25
        assert saved(changed, CALIBRATION, CARD) != first, network
    assert saved(tiny_model(config=replace(TINY, modulated=True)), CALIBRATION, CARD) != first


def test_a_file_from_before_keeps_its_id(path: Path) -> None:
    old = rewritten(path, networks_sha256="")
    assert load_checkpoint(old).id == f"tiny-{header(old)['sha256'][:12]}"
    assert load_checkpoint(old).id != load_checkpoint(rewritten(path, networks_sha256="0" * 64)).id


def test_one_changed_byte_anywhere_is_noticed(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    places = [*range(16), *range(16, start, 23), *range(start - 16, start + 16), *range(start, len(data), 997)]
    damaged = tmp_path / "damaged.safetensors"
    for number, place in enumerate([*places, len(data) - 1]):
        wrong = bytearray(data)
        wrong[place] ^= 1 << number % 8
        damaged.write_bytes(wrong)
        refused(damaged)


@pytest.mark.parametrize("length", [0, 5, 8, 300, -1000, -1])
def test_a_file_cut_short(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    assert "cannot be read as a model" in refused(path)


def test_more_bytes_after_the_end(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")
    refused(path)


def test_files_of_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "other"
    assert "cannot be read" in refused(path)
    assert "cannot be read" in refused(tmp_path)
    path.write_text("a text that is no model at all")
    assert "cannot be read" in refused(path)
    save_file({"weight": torch.zeros(2)}, path)
    assert "is not a model of this system (format None)" in refused(path)
    save_file({"weight": torch.zeros(2)}, path, {"format": "pt", "sha256": "0"})
    assert "(format 'pt')" in refused(path)
    metadata = {"format": "facet-1"}
    save_file({"weight": torch.tensor(1.0)}, path, metadata | {"sha256": "0"})
    assert "does not match its hash" in refused(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": ""},
        {"network": "{"},
        {"network": "[]"},
        {"network": '{"image_size": 65}'},
        {"network": '{"image_size": 64}'},  # sizes that the tensors have not
        {"network": '{"depth": 64}'},
        {"calibration": "{}"},
        {"calibration": '{"expression_means": 3}'},
        {"calibration": '{"expression_means": {}}'},
        {"calibration": '{"expression_means": {}, "expression_classifier": {}, "bias": 1}'},
        {"card": ""},
        {"name": ""},
    ],
)
def test_a_header_that_describes_no_model(path: Path, changes: dict[str, str]) -> None:
    assert "does not describe a model that can be rebuilt" in refused(rewritten(path, **changes))


def test_a_header_that_is_only_rewritten_still_loads(path: Path) -> None:
    before = load_checkpoint(path).id
    assert load_checkpoint(rewritten(path)).id == before


class Trap:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    for file, write in (("a.pkl", pickle.dump), ("b.pt", torch.save)):
        with (tmp_path / file).open("wb") as stream:
            write(Trap(trap), stream)
        refused(tmp_path / file)
    assert not trap.exists()


def test_saving_leaves_nothing_aside(path: Path) -> None:
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_bundled_model_or_the_sentence_that_says_how_to_name_one() -> None:
    weights = Path(__file__).parents[2] / "model" / "weights"
    if any(weights.glob("*.safetensors")):
        assert bundled().parent == weights
    else:
        with pytest.raises(InvalidCheckpoint, match="FACET_MODEL"):
            bundled()


def test_load_backend_takes_the_dummy_or_a_path(path: Path, tmp_path: Path) -> None:
    assert load_backend("dummy").id == "dummy-1"
    backend = load_backend(str(path), "cpu")
    assert backend.id == load_checkpoint(path).id
    assert normalized(backend.sample(2, 0)).shape == (2, EMBEDDING_SIZE)
    with pytest.raises(InvalidCheckpoint):
        load_backend(str(tmp_path / "none"))
