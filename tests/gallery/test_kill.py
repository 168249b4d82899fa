"""A process killed at any moment loses nothing that it acknowledged, and brings nothing back."""

from pathlib import Path

from benchmarks.kill import Expectation, play_round


def test_a_kill_loses_nothing_and_brings_nothing_back(url: str, tmp_path: Path) -> None:
    """`python -m benchmarks.kill` plays more rounds."""
    expected = Expectation()
    for seed in range(3):
        play_round(url, tmp_path / "index.snapshot", expected, seed)
    assert expected.acknowledged > 30
    assert expected.deleted
