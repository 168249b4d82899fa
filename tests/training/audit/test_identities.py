import numpy as np
import pytest

from training.audit import identities
from training.audit.identities import doubt_identities

PEOPLE, EACH = 20, 10
WRONG = (3, 57, 111, 150, 188)


def cluster(spread: float) -> tuple[np.ndarray, list[str]]:
    """Unit vectors `(200, 32)` about the directions of twenty people, and their names."""
    rng = np.random.default_rng(0)
    people = rng.normal(size=(PEOPLE, 32))
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    vectors = np.repeat(people, EACH, axis=0) + spread * rng.normal(size=(PEOPLE * EACH, 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), [f"p{row // EACH:02}" for row in range(len(vectors))]


def renamed(names: list[str]) -> list[str]:
    """The names, those of the wrong rows being the person's after next."""
    return [f"p{(row // EACH + 2) % PEOPLE:02}" if row in WRONG else name for row, name in enumerate(names)]


@pytest.mark.parametrize("spread", [0.03, 0.08, 0.15])
def test_exchanged_names_are_found_with_the_right_ones_suggested(spread: float) -> None:
    vectors, names = cluster(spread)
    doubts = doubt_identities(vectors, renamed(names))
    assert tuple(np.flatnonzero(doubts.wrong > 0.5)) == WRONG
    assert [doubts.nearest[row] for row in WRONG] == [names[row] for row in WRONG]
    assert doubts.share == pytest.approx(len(WRONG) / len(names), abs=0.005)
    assert ((doubts.wrong >= 0) & (doubts.wrong <= 1)).all()


def test_right_names_are_left_alone() -> None:
    vectors, names = cluster(0.1)
    doubts = doubt_identities(vectors, names)
    assert doubts.wrong.max() < 0.5
    assert doubts.share < 0.005
    for name, row in doubts.typical.items():
        assert names[row] == name
    assert len(doubts.typical) == PEOPLE


def test_a_larger_margin_never_speaks_for_wrong() -> None:
    given = np.linspace(-2.0, 2.0, 401)
    rng = np.random.default_rng(0)
    wrong, _ = identities._posterior(np.concatenate([rng.normal(0.5, 0.1, 2000), given]), rng.normal(-0.8, 0.3, 2000))
    assert (np.diff(wrong[2000:]) <= 0).all()


def test_the_mixture_that_made_the_margins_is_found() -> None:
    rng = np.random.default_rng(1)
    right, bad = 0.1 + 0.1 * rng.standard_t(5, 9000), rng.normal(-0.8, 0.3, 1000)
    wrong, share = identities._posterior(np.concatenate([right, bad]), rng.normal(-0.8, 0.3, 10000))
    assert share == pytest.approx(0.1, abs=0.01)
    # By hand, with t = -4 and z = 1.67: 0.9 · 0.0051 / 0.1 = 0.046 of the right ones, 0.1 · 0.0995 / 0.3 = 0.033.
    assert wrong[np.abs(right + 0.3).argmin()] == pytest.approx(0.033 / 0.079, abs=0.06)
    flagged = wrong > 0.5
    assert flagged[9000:].mean() > 0.9
    assert flagged[:9000].mean() < 0.01


def test_margins_by_hand() -> None:
    axes = np.eye(3, dtype=np.float32)
    vectors = np.array([axes[0], axes[0], axes[1], axes[1], axes[0]])
    margins = identities._margins(vectors, np.array([0, 0, 1, 1, 1]), np.array([1, 1, 0, 0, 0]), np.ones(5), 2)
    # The second class's mean is (1, 2) / √5; without the last face (0, 1).
    expected = [1 - 1 / np.sqrt(5)] * 2 + [1 / np.sqrt(2)] * 2 + [0 - 1]
    np.testing.assert_allclose(margins.given, expected, atol=1e-6)
    np.testing.assert_allclose(margins.drawn, -margins.given, atol=1e-6)


def test_a_picture_alone_with_its_name_or_without_one_is_not_judged() -> None:
    vectors, names = cluster(0.05)
    labels: list[str | None] = list(names)
    labels[0], labels[1] = None, "alone"
    doubts = doubt_identities(vectors, labels)
    assert np.flatnonzero(np.isnan(doubts.wrong)).tolist() == [0, 1]
    assert doubts.nearest[:2] == [None, None]
    assert "alone" not in doubts.typical


@pytest.mark.parametrize("labels", [[None] * 4, ["a"] * 4, ["a", "b", "c", None]])
def test_too_few_names_to_judge(labels: list[str | None]) -> None:
    doubts = doubt_identities(np.eye(4, 32, dtype=np.float32), labels)
    assert np.isnan(doubts.wrong).all()
    assert np.isnan(doubts.share)


def test_equal_faces_have_no_doubts() -> None:
    vectors = np.repeat(np.eye(2, 32, dtype=np.float32), 5, axis=0)
    doubts = doubt_identities(vectors, ["a"] * 5 + ["b"] * 5)
    assert doubts.wrong.max() < 0.5


def test_names_without_any_truth_have_finite_doubts() -> None:
    vectors, names = cluster(0.05)
    shuffled = [names[row] for row in np.random.default_rng(3).permutation(len(names))]
    doubts = doubt_identities(vectors, shuffled)
    assert np.isfinite(doubts.wrong).all()
    assert 0 <= doubts.share <= 1


def test_faces_are_judged_alike_in_chunks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, names = cluster(0.15)
    whole = doubt_identities(vectors, renamed(names))
    monkeypatch.setattr(identities, "CHUNK", 7)
    parts = doubt_identities(vectors, renamed(names))
    np.testing.assert_allclose(parts.wrong, whole.wrong, atol=1e-6)
    assert parts.nearest == whole.nearest
