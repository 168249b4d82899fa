from pathlib import Path

import pytest

from training.data.mixture import Source, shares, weights_of


@pytest.mark.parametrize(
    ("text", "folder", "weight"),
    [("lfw", "lfw", None), ("lfw:2", "lfw", 2), ("a/b:0.5", "a/b", 0.5), ("a:b:1e-2", "a:b", 0.01)],
)
def test_a_folder_with_its_weight(text: str, folder: str, weight: float | None) -> None:
    assert Source.parse(text) == Source(Path(folder), weight)


@pytest.mark.parametrize("text", ["lfw:", "lfw:heavy", "lfw:0", "lfw:-1", "lfw:nan", "lfw:inf"])
def test_a_weight_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="expected FOLDER or FOLDER:WEIGHT with a weight above 0"):
        Source.parse(text)


def test_a_folder_whose_name_looks_like_a_weight(tmp_path: Path) -> None:
    (tmp_path / "faces:2").mkdir()
    assert Source.parse(f"{tmp_path}/faces:2") == Source(tmp_path / "faces:2")
    assert Source.parse(f"{tmp_path}/faces:2:3") == Source(tmp_path / "faces:2", 3)


def test_all_folders_have_weights_or_none_has() -> None:
    a, b = Source(Path("a"), 2.0), Source(Path("b"), 1.0)
    assert weights_of([a, b]) == (2.0, 1.0)
    assert weights_of([Source(Path("a"))]) is None
    with pytest.raises(ValueError, match="c has no weight, but others have"):
        weights_of([a, Source(Path("c")), b])


@pytest.mark.parametrize(
    ("weights", "batch", "expected"),
    [
        ([1.0], 7, [7]),
        ([1.0, 1.0], 8, [4, 4]),
        ([3.0, 1.0], 64, [48, 16]),
        ([1.0, 1.0, 1.0], 8, [3, 3, 2]),  # 2.67 each: the first two have the remainders
        ([5.0, 3.0, 2.0], 7, [4, 2, 1]),  # 3.5, 2.1, 1.4
        ([0.2, 0.2, 0.1], 10, [4, 4, 2]),
    ],
)
def test_shares_by_hand(weights: list[float], batch: int, expected: list[int]) -> None:
    assert shares(weights, batch) == expected


def test_a_weight_too_small_for_the_batch() -> None:
    with pytest.raises(ValueError, match=r"a weight of 0\.01 of 1\.01 gives no crop to a batch of 16"):
        shares([1.0, 0.01], 16)
