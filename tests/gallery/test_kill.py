"""A process killed at any moment loses nothing that it acknowledged, and brings nothing back."""

from pathlib import Path

import pytest

from benchmarks.kill import Expectation, Place, play_round


@pytest.mark.parametrize("milvus", [False, True], ids=["local", "milvus"])
def test_a_kill_loses_nothing_and_brings_nothing_back(url: str, tmp_path: Path, milvus: bool) -> None:
    """`python -m benchmarks.kill` plays more rounds."""
    place, expected = Place(url, tmp_path / "index.snapshot", milvus), Expectation()
    for seed in range(3):
        play_round(place, expected, seed)
    assert expected.acknowledged > 30
    assert expected.deleted
