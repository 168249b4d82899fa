from pathlib import Path

import pytest


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of ten numbers."""
    monkeypatch.setattr("gallery.store.block_keys.BLOCK", 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "index.snapshot"
