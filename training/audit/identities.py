"""How likely each name of a set of faces is wrong."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.attributes import Vector
from training.audit.doubts import Doubts

ROUNDS = 4
"""Each leaves out of the classes' means what the one before found wrong; then little changes."""
FIRST_SHARE = 0.05
"""Where the estimate of the share of wrong labels begins."""
TAIL = 5.0
"""Degrees of freedom of Student's curve."""
STEPS = 50
LEAST_SPREAD = 1e-3
CHUNK = 4096


@dataclass(frozen=True)
class _Margins:
    """Cosine to the mean of a label's class, without the face itself, minus that to the nearest other class's mean."""

    given: NDArray[np.float64]
    """For the labels as given."""
    drawn: NDArray[np.float64]
    """For other labels drawn at random: what a wrong label looks like in these data."""
    nearest: NDArray[np.int64]


def doubt_identities(vectors: Vector, labels: Sequence[str | None], seed: int = 0) -> Doubts:
    """Judge names by unit vectors `(n, d)` that lie near each other where names should agree.

    A name's margin m is the cosine to the mean direction of its class, the face itself left out, minus the cosine to
    the nearest other class's mean. The margins of given labels are a mixture (1 - s) t(μ, σ) + s N(μ', σ'). The second
    curve is that of wrong labels, known from labels drawn at random; the first is Student's, because some right faces
    are hard to recognise. The share s of wrong labels, μ and σ are found by expectation maximisation (Peel and
    McLachlan, "Robust mixture modelling using the t distribution", 2000). P(wrong | m) is the second term's part of
    the sum. Faces that are likely wrong then count less in their class's mean, and all is repeated.
    """
    names, classes = np.unique([label for label in labels if label is not None], return_inverse=True)
    numbers = np.full(len(labels), -1)
    numbers[[label is not None for label in labels]] = classes
    counts = np.bincount(classes, minlength=len(names))
    judged = np.flatnonzero([number >= 0 and counts[number] > 1 for number in numbers])
    wrong = np.full(len(labels), np.nan)
    nearest: list[str | None] = [None] * len(labels)
    if len(names) < 2 or not len(judged):
        return Doubts(wrong, nearest, {}, float("nan"))
    labelled = np.flatnonzero(numbers >= 0)
    places = np.searchsorted(labelled, judged)
    rng = np.random.default_rng(seed)
    drawn = (numbers[labelled] + rng.integers(1, len(names), len(labelled))) % len(names)
    weights = np.ones(len(labelled))
    posterior = np.zeros(len(labelled))
    share = float("nan")
    for _ in range(ROUNDS):
        margins = _margins(vectors[labelled], numbers[labelled], drawn, weights, len(names))
        posterior[places], share = _posterior(margins.given[places], margins.drawn)
        weights = 1.0 - posterior
    wrong[judged] = posterior[places]
    for row, place in zip(judged, places, strict=True):
        nearest[row] = str(names[margins.nearest[place]])
    order = judged[np.argsort(margins.given[places])]
    return Doubts(wrong, nearest, {str(names[numbers[row]]): int(row) for row in order}, share)


def _posterior(given: NDArray[np.float64], drawn: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The probability that each given margin is a wrong label's, and the share of wrong ones."""
    wrong_mean, wrong_spread = float(drawn.mean()), max(float(drawn.std()), LEAST_SPREAD)
    # Wrong labels are few, so median and median deviation begin near the right ones' mean and deviation.
    mean = float(np.median(given))
    spread = max(1.4826 * float(np.median(np.abs(given - mean))), LEAST_SPREAD)
    share = FIRST_SHARE
    posterior = np.zeros(len(given))
    for _ in range(STEPS):
        # Beyond the two means the wider normal curve would win on both sides; a larger margin never speaks for wrong.
        at = np.clip(given, min(wrong_mean, mean), mean)
        log_odds = _log_normal(at, wrong_mean, wrong_spread) - _log_student(at, mean, spread)
        log_odds += np.log(share) - np.log1p(-share)
        posterior = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0)))
        right = 1.0 - posterior
        share = float(np.clip(posterior.mean(), 1e-6, 1.0 - 1e-6))
        near = right * (TAIL + 1.0) / (TAIL + ((given - mean) / spread) ** 2)
        mean = float(np.average(given, weights=near))
        spread = max(float(np.sqrt(np.sum(near * (given - mean) ** 2) / np.sum(right))), LEAST_SPREAD)
    return posterior, share


def _log_normal(x: NDArray[np.float64], mean: float, spread: float) -> NDArray[np.float64]:
    return np.asarray(-(((x - mean) / spread) ** 2) / 2.0 - np.log(spread) - math.log(2.0 * math.pi) / 2.0)


def _log_student(x: NDArray[np.float64], mean: float, spread: float) -> NDArray[np.float64]:
    half = (TAIL + 1.0) / 2.0
    constant = math.lgamma(half) - math.lgamma(TAIL / 2.0) - math.log(TAIL * math.pi) / 2.0 - np.log(spread)
    return np.asarray(constant - half * np.log1p(((x - mean) / spread) ** 2 / TAIL))


def _margins(
    vectors: Vector, own: NDArray[np.int64], drawn: NDArray[np.int64], weights: NDArray[np.float64], count: int
) -> _Margins:
    sums = np.zeros((count, vectors.shape[1]))
    np.add.at(sums, own, weights[:, None] * vectors)
    means = _directions(sums)
    parts = []
    for start in range(0, len(vectors), CHUNK):
        rows = slice(start, start + CHUNK)
        mine, theirs, index = own[rows], drawn[rows], np.arange(len(own[rows]))
        cosines = vectors[rows] @ means.T
        others = _directions(sums[mine] - weights[rows, None] * vectors[rows])
        cosines[index, mine] = np.sum(others * vectors[rows], axis=1)
        given, nearest = _margin(cosines, mine)
        parts.append((given, _margin(cosines, theirs)[0], nearest))
    return _Margins(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _margin(cosines: NDArray[np.float64], label: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The cosine at the label minus the largest other one, and where that is."""
    index = np.arange(len(label))
    rest = cosines.copy()
    rest[index, label] = -np.inf
    best = rest.argmax(axis=1)
    return np.asarray(cosines[index, label] - rest[index, best]), best


def _directions(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))
