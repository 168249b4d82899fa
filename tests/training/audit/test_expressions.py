import numpy as np

from training.audit.expressions import FOLDS, doubt_expressions

COUNTS = {"neutral": 60, "happiness": 50, "surprise": 12}


def looks() -> tuple[np.ndarray, list[str | None]]:
    """Unit vectors of three overlapping expressions, one of them rare, and their labels."""
    rng = np.random.default_rng(0)
    middles = {"neutral": [1.0, 0, 0], "happiness": [0.7, 0.7, 0], "surprise": [0.7, -0.3, 0.7]}
    labels: list[str | None] = [name for name, count in COUNTS.items() for _ in range(count)]
    vectors = np.array([middles[str(label)] for label in labels]) + 0.08 * rng.normal(size=(len(labels), 3))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def test_exchanged_labels_are_the_most_doubtful_and_the_right_ones_suggested() -> None:
    vectors, labels = looks()
    wrong = {5: "happiness", 70: "surprise", 100: "neutral", 115: "neutral"}
    given = [wrong.get(row, label) for row, label in enumerate(labels)]
    doubts = doubt_expressions(vectors, given)
    assert set(np.argsort(-doubts.wrong)[:4].tolist()) == wrong.keys()
    assert all(doubts.nearest[row] == labels[row] for row in wrong)
    assert doubts.wrong[list(wrong)].min() > 0.8
    assert np.median(doubts.wrong) < 0.1
    assert {given[row] for row in doubts.typical.values()} == COUNTS.keys()
    again = doubt_expressions(vectors, given)
    assert np.array_equal(again.wrong, doubts.wrong)


def test_labels_that_are_too_rare_are_not_judged() -> None:
    vectors, labels = looks()
    labels[:2] = [None, "contempt"]
    labels[2 : 2 + FOLDS - 1] = ["fear"] * (FOLDS - 1)
    doubts = doubt_expressions(vectors, labels)
    unjudged = 2 + FOLDS - 1
    assert np.isnan(doubts.wrong[:unjudged]).all()
    assert not np.isnan(doubts.wrong[unjudged:]).any()
    assert np.isnan(doubt_expressions(vectors[:50], ["neutral"] * 50).wrong).all()
    assert np.isnan(doubt_expressions(vectors[:2], [None, None]).wrong).all()
