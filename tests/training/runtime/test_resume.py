from pathlib import Path
from typing import Any

import pytest
import torch

from training.runtime.resume import load_state, save_state


class Foreign:
    """Something that only code could rebuild."""


def test_state_survives_and_leaves_nothing_aside(tmp_path: Path) -> None:
    state: dict[str, Any] = {"step": 3, "weights": {"a": torch.randn(3)}, "recipe": {"stage": "joint", "sizes": (1, 2)}}
    save_state(tmp_path / "state.pt", {"step": 1})
    save_state(tmp_path / "state.pt", state)
    loaded = load_state(tmp_path / "state.pt")
    assert torch.equal(loaded.pop("weights")["a"], state.pop("weights")["a"])
    assert loaded == state
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_code_is_never_loaded(tmp_path: Path) -> None:
    save_state(tmp_path / "state.pt", {"foreign": Foreign()})
    with pytest.raises(Exception, match="Weights only load failed"):
        load_state(tmp_path / "state.pt")
