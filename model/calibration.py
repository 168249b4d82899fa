"""What is fitted to a trained model on people it was trained on: thresholds, a classifier of expressions, presets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from model.attributes import Attribute, Vector


@dataclass(frozen=True)
class Calibration:
    """Turns similarities and sub-vectors into decisions.

    The probability that two faces show one person is a logistic curve over the identity similarity s,
    p = 1 / (1 + exp(-slope (s - threshold))), so that p = 0.5 at the threshold.
    """

    threshold: float = 0.5
    slope: float = 10.0
    expression_means: Mapping[str, Vector] = field(default_factory=dict)
    """For each expression label its mean direction in the expression space, `(32,)`, unit length: the presets."""
    expression_classifier: Mapping[str, Vector] = field(default_factory=dict)
    """For each label the weights of its logit, `(33,)`: of the sub-vector's numbers, and a constant at the end."""

    def same_person_probability(self, similarity: float) -> float:
        """Probability that two faces with this identity similarity show one person."""
        # The same curve as 1 / (1 + exp(-x)), without its overflow for large negative x.
        return 0.5 + 0.5 * math.tanh(self.slope * (similarity - self.threshold) / 2.0)

    def expression_probabilities(self, expression: Vector) -> dict[str, float]:
        """Probability of each label for an expression sub-vector `(32,)`, all as likely beforehand; they sum to 1."""
        if not self.expression_classifier:
            return {}
        # So few numbers are faster without NumPy.
        logits: list[float] = self.expression_logits(expression).tolist()
        largest = max(logits)
        weights = [math.exp(logit - largest) for logit in logits]
        total = sum(weights)
        return {label: weight / total for label, weight in zip(self.expression_classifier, weights, strict=True)}

    def expression_logits(self, expressions: Vector) -> Vector:
        """Of expression sub-vectors `(..., 32)`, `(..., labels)` in the classifier's order."""
        logits: Vector = expressions @ self._weights[:, :-1].T + self._weights[:, -1]
        return logits

    @cached_property
    def _weights(self) -> Vector:
        return np.stack([*self.expression_classifier.values()])

    @property
    def presets(self) -> dict[Attribute, dict[str, Vector]]:
        """Named sub-vectors that an edit can ask for."""
        return {Attribute.EXPRESSION: dict(self.expression_means)}


def cosine_classifier(means: Mapping[str, Vector], sharpness: float) -> dict[str, Vector]:
    """The classifier whose logit of a label is `sharpness` times the cosine to its mean."""
    return {label: np.append(sharpness * mean, 0.0).astype(np.float32) for label, mean in means.items()}
