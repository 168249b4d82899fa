"""What choices between two faces depend on: a logistic regression on the differences that were shown.

The logarithm of the odds of choosing a over b is w · d with d their difference: a penalised logistic regression without
an intercept, as the sides are drawn by chance (Bradley and Terry's model of paired comparisons, with a linear worth).
"""

import numpy as np
from numpy.typing import NDArray

PENALTIES = tuple(10.0**power for power in (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0))
"""Of which that is taken under which choices that were left out are the most likely."""
FOLDS = 10
STEPS, STILL = 50, 1e-6

_Numbers = NDArray[np.float64]


def direction(shown: _Numbers, chosen: _Numbers) -> tuple[_Numbers, float]:
    """The weights `(size,)` for choices `(n,)`, 1 or -1, between differences `(n, size)`, and a share.

    The share of choices that the weights of the other nine tenths predict; a half is chance. With fewer choices than
    folds the largest penalty is taken, and the share is not a number.
    """
    scaled = shown / max(float(shown.std()), 1e-12)
    if len(chosen) < FOLDS:
        return weights(scaled, chosen, PENALTIES[-1]), float("nan")
    margins = np.stack([_left_out(scaled, chosen, penalty) for penalty in PENALTIES])
    best = int(np.logaddexp(0.0, -margins).sum(axis=1).argmin())
    return weights(scaled, chosen, PENALTIES[best]), float((margins[best] > 0.0).mean())


def _left_out(shown: _Numbers, chosen: _Numbers, penalty: float) -> _Numbers:
    """For each choice how far it lies on the right side `(n,)` of the weights that the other folds give."""
    fold, margins = np.arange(len(chosen)) % FOLDS, np.empty(len(chosen))
    for number in range(FOLDS):
        out = fold == number
        margins[out] = shown[out] @ weights(shown[~out], chosen[~out], penalty) * chosen[out]
    return margins


def weights(shown: _Numbers, chosen: _Numbers, penalty: float) -> _Numbers:
    """The weights `(size,)` with the least Σ log(1 + exp(-yᵢ w · dᵢ)) + penalty/2 |w|², by Newton's steps."""
    found = np.zeros(shown.shape[1])
    for _ in range(STEPS):
        wrong = 1.0 / (1.0 + np.exp(np.clip(shown @ found * chosen, -30.0, 30.0)))
        slope = penalty * found - shown.T @ (wrong * chosen)
        curvature = (shown.T * (wrong * (1.0 - wrong))) @ shown + penalty * np.eye(len(found))
        step = np.linalg.solve(curvature, slope)
        found -= step
        if np.abs(step).max() < STILL:
            break
    return found
