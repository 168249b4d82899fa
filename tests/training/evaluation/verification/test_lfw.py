from dataclasses import replace

import numpy as np
import pytest

from model.attributes import Attribute, part, similarities
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.data.sources.lfw import Pair
from training.evaluation.faces import Faces, see
from training.evaluation.verification.lfw import accuracy, best_threshold, random_pairs, score_pairs


@pytest.fixture(scope="module")
def faces() -> Faces:
    return see(DummyModel(), crop_set(12))


def test_the_best_threshold_by_hand() -> None:
    # From 0.35 on the same person: only the 0.2 pair is wrong, or from 0.15 on: only the 0.3 pair. The first counts.
    scores = np.array([0.9, 0.4, 0.3, 0.2, 0.1])
    same = np.array([True, True, False, True, False])
    threshold = best_threshold(scores, same)
    assert threshold == pytest.approx(0.15)
    assert accuracy(scores, same, threshold) == 0.8


def test_a_threshold_between_two_groups_makes_no_mistake() -> None:
    scores, same = np.array([0.1, 0.7, 0.3, 0.8]), np.array([False, True, False, True])
    assert best_threshold(scores, same) == pytest.approx(0.5)
    assert accuracy(scores, same, 0.5) == 1.0
    assert accuracy(scores, ~same, 0.5) == 0.0
    assert accuracy(scores, same, 0.75) == 0.75
    assert accuracy(scores, same, 0.7) == 1.0  # the threshold itself counts as the same person


@pytest.mark.parametrize("same", [True, False])
def test_pairs_of_one_kind_are_all_decided_rightly(same: bool) -> None:
    scores, truth = np.array([0.3, 0.1, 0.2]), np.full(3, same)
    assert accuracy(scores, truth, best_threshold(scores, truth)) == 1.0


def test_no_threshold_is_better_than_the_best() -> None:
    rng = np.random.default_rng(0)
    scores, same = rng.normal(size=60), rng.random(60) < 0.5
    tried = [accuracy(scores, same, threshold) for threshold in [*scores, np.inf]]
    assert accuracy(scores, same, best_threshold(scores, same)) == max(tried)


def test_scores_are_the_similarities_of_the_pairs_that_are_there(faces: Faces) -> None:
    keys = faces.labels.keys
    pairs = [Pair(keys[0], keys[1], True), Pair(keys[2], "Nobody_0001", False), Pair(keys[4], keys[7], False)]
    scores, missing = score_pairs(faces, pairs)
    assert missing == 1
    assert scores.same.tolist() == [True, False]
    for number, (i, j) in enumerate([(0, 1), (4, 7)]):
        expected = similarities(faces.embeddings[i], faces.embeddings[j])
        assert scores.by(Attribute.IDENTITY)[number] == pytest.approx(expected.pop(Attribute.IDENTITY), abs=1e-6)
        assert scores.without(Attribute.IDENTITY)[number] == pytest.approx(sum(map(float, expected.values())), abs=1e-5)
    with pytest.raises(ValueError, match="none of the pairs"):
        score_pairs(faces, pairs[1:2])


def test_random_pairs_are_half_of_one_person_and_half_of_two(faces: Faces) -> None:
    # Six people with two pictures each: six matched pairs, all of them, and as many mismatched.
    embeddings = faces.embeddings.copy()
    for number in range(12):
        part(embeddings, Attribute.IDENTITY)[number] = np.eye(32, dtype=np.float32)[number // 2]
    pairs = random_pairs(replace(faces, embeddings=embeddings))
    assert pairs.same.tolist() == [True] * 6 + [False] * 6
    assert pairs.by(Attribute.IDENTITY).tolist() == [1.0] * 6 + [0.0] * 6
    assert random_pairs(faces).by(Attribute.IDENTITY).tolist() == random_pairs(faces).by(Attribute.IDENTITY).tolist()


def test_a_person_gives_at_most_so_many_pairs(faces: Faces) -> None:
    people = ["A"] * 6 + ["B"] * 5 + [None]
    labels = replace(faces.labels, people=people)
    pairs = random_pairs(replace(faces, labels=labels), per_person=4)
    assert pairs.same.sum() == 8
    assert len(pairs.same) == 16


@pytest.mark.parametrize("people", [[None] * 12, [f"P{n}" for n in range(12)], ["A"] * 12])
def test_people_of_whom_there_are_no_pairs(faces: Faces, people: list[str | None]) -> None:
    with pytest.raises(ValueError, match="at least two people"):
        random_pairs(replace(faces, labels=replace(faces.labels, people=people)))
