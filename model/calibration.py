"""What is fitted to a trained model on people it was trained on: thresholds, class means, presets."""

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
    """For each expression label its mean direction in the expression space, `(32,)`, unit length."""
    expression_sharpness: float = 10.0
    """The softmax over labels is taken of sharpness times cosine."""

    def same_person_probability(self, similarity: float) -> float:
        """Probability that two faces with this identity similarity show one person."""
        # The same curve as 1 / (1 + exp(-x)), without its overflow for large negative x.
        return 0.5 + 0.5 * math.tanh(self.slope * (similarity - self.threshold) / 2.0)

    def expression_probabilities(self, expression: Vector) -> dict[str, float]:
        """Probability of each label for an expression sub-vector `(32,)`; they sum to 1."""
        if not self.expression_means:
            return {}
        # So few numbers are faster without NumPy.
        logits: list[float] = (self._expression_logits @ expression).tolist()
        largest = max(logits)
        weights = [math.exp(logit - largest) for logit in logits]
        total = sum(weights)
        return {label: weight / total for label, weight in zip(self.expression_means, weights, strict=True)}

    @cached_property
    def _expression_logits(self) -> Vector:
        """A row `(32,)` for each label, whose products with an expression are the softmax's arguments."""
        return np.stack([self.expression_sharpness * mean for mean in self.expression_means.values()])

    @property
    def presets(self) -> dict[Attribute, dict[str, Vector]]:
        """Named sub-vectors that an edit can ask for."""
        return {Attribute.EXPRESSION: dict(self.expression_means)}
