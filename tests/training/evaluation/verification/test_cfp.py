from dataclasses import replace

import numpy as np
import pytest

from model.attributes import SPACES, Attribute, part
from model.engine.dummy import DummyModel
from tests.training.drawn import crop_set
from training.data.sources.lfw import Pair
from training.evaluation.faces import Faces, see
from training.evaluation.verification.cfp import validation_pairs, verify_strangers

KEYS = [
    f"00{person}/{view}/{number:02d}" for person in (1, 2, 3) for view in ("frontal", "profile") for number in (1, 2)
]


def test_pairs_are_of_the_protocols_kind_and_half_of_them_matched() -> None:
    frontal = validation_pairs(KEYS, "FF")
    assert len(frontal) == 2 * 3
    assert all("profile" not in pair.first + pair.second for pair in frontal)
    profile = validation_pairs(KEYS, "FP")
    assert len(profile) == 2 * 12
    assert all("frontal" in pair.first and "profile" in pair.second for pair in profile)
    for pair in (*frontal, *profile):
        assert pair.same == (pair.first[:3] == pair.second[:3])
    assert profile == validation_pairs(KEYS[::-1], "FP")


def test_two_people_are_needed() -> None:
    with pytest.raises(ValueError, match="thresholds for FP need two people"):
        validation_pairs([key for key in KEYS if "profile" not in key], "FP")


@pytest.fixture
def faces() -> Faces:
    """Two pictures each of six people, whose identities are told apart by their identity alone."""
    seen = see(DummyModel(), crop_set(12))
    embeddings = np.repeat(seen.embeddings[:1], 12, axis=0)
    part(embeddings, Attribute.IDENTITY)[...] = np.eye(SPACES[Attribute.IDENTITY].size)[np.arange(12) // 2]
    return replace(seen, embeddings=embeddings)


def test_identity_decides_and_what_was_not_found_is_wrong(faces: Faces) -> None:
    keys = faces.labels.keys
    pairs = [Pair(keys[0], keys[1], True), Pair(keys[2], keys[4], False)]
    gone = [Pair(keys[0], "nobody", True), Pair(keys[0], "nobody", False)]
    result = verify_strangers(faces, pairs, faces, [*pairs, *gone])
    assert list(result) == [f"{sign}{name}" for name in Attribute for sign in ("", "~")]
    assert result["identity"].accuracy == 0.5
    assert result["identity"].auc == result["~pose"].auc == 1.0
    assert result["~identity"].auc == 0.5
