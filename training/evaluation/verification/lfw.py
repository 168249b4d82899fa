"""Verification on pairs of LFW's View 2: the same person or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.attributes import Attribute, similarities
from training.data.sources.lfw import Pair
from training.evaluation.faces import Faces

Scores = NDArray[np.floating]


@dataclass(frozen=True)
class PairScores:
    """Similarities of n pairs, higher for more alike."""

    same: NDArray[np.bool_]
    similarities: Mapping[Attribute, Scores]
    """In each sub-vector."""

    def by(self, attribute: Attribute) -> Scores:
        """By one sub-vector (the paper's F)."""
        return self.similarities[attribute]

    def without(self, attribute: Attribute) -> Scores:
        """By the other sub-vectors together (its ~F): the sum of their similarities."""
        return np.asarray(
            np.sum([scores for other, scores in self.similarities.items() if other is not attribute], axis=0)
        )


def score_pairs(faces: Faces, pairs: Sequence[Pair]) -> tuple[PairScores, int]:
    """Scores of the pairs whose pictures are both there, and how many were not. Raises ValueError if none is."""
    row = {key: number for number, key in enumerate(faces.labels.keys)}
    found = [pair for pair in pairs if pair.first in row and pair.second in row]
    if not found:
        raise ValueError("none of the pairs has both of its pictures in this split")
    a = faces.embeddings[[row[pair.first] for pair in found]]
    b = faces.embeddings[[row[pair.second] for pair in found]]
    return PairScores(np.array([pair.same for pair in found]), similarities(a, b)), len(pairs) - len(found)


def random_pairs(faces: Faces, seed: int = 0, per_person: int = 10) -> PairScores:
    """As many matched as mismatched pairs of a split's people, at most `per_person` matched ones of each.

    Raises ValueError if the split has not two people, one of them with two pictures.
    """
    generator = np.random.default_rng(seed)
    rows: dict[str, list[int]] = {}
    for number, person in enumerate(faces.labels.people):
        if person is not None:
            rows.setdefault(person, []).append(number)
    matched = []
    for mine in rows.values():
        both = [(i, j) for place, i in enumerate(mine) for j in mine[place + 1 :]]
        matched += [both[k] for k in generator.permutation(len(both))[:per_person]]
    names = sorted(rows)
    if not matched or len(names) < 2:
        raise ValueError("pairs need at least two people, one of them with two pictures")
    mismatched: list[tuple[int, int]] = []
    while len(mismatched) < len(matched):
        one, other = generator.choice(len(names), 2, replace=False)
        mismatched.append((int(generator.choice(rows[names[one]])), int(generator.choice(rows[names[other]]))))
    pairs = np.array(matched + mismatched)
    same = np.arange(len(pairs)) < len(matched)
    return PairScores(same, similarities(faces.embeddings[pairs[:, 0]], faces.embeddings[pairs[:, 1]]))


def best_threshold(scores: Scores, same: NDArray[np.bool_]) -> float:
    """The threshold with the greatest accuracy: midway between two neighbouring scores."""
    order = np.argsort(scores)
    ordered, truth = scores[order], same[order]
    below = np.concatenate([[0], np.cumsum(~truth)])
    above = np.concatenate([[truth.sum()], truth.sum() - np.cumsum(truth)])
    place = int(np.argmax(below + above))
    edges = np.concatenate([[ordered[0] - 1.0], (ordered[1:] + ordered[:-1]) / 2, [ordered[-1] + 1.0]])
    return float(edges[place])


def accuracy(scores: Scores, same: NDArray[np.bool_], threshold: float) -> float:
    """Share of pairs that a threshold decides rightly."""
    return float(np.mean((scores >= threshold) == same))
