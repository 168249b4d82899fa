"""What is checked of faces wherever they come from: the least quality that is asked for."""

from datetime import UTC, datetime

import numpy as np
import pytest

from gallery.query import Match, Query, Results, Term
from gallery.records import EnrolledFace
from model.attributes import EMBEDDING_SIZE, Attribute, normalized, part
from model.errors import LowQuality, Unavailable
from worker.interface import Face, Quality
from worker.search.remote import _good_enough

EMBEDDING = normalized(np.linspace(-1, 1, EMBEDDING_SIZE, dtype=np.float32))
QUALITY = Quality(0.3, 1.0, 0.5, 0.75, 1.0, 0.8)


def face(quality: Quality | None) -> Face:
    return Face((0.0, 0.0, 9.0, 9.0), 0.9, None, EMBEDDING, {}, {}, "m-1", quality)


def test_a_quality_is_checked_by_its_score_and_the_lowest_part_is_named() -> None:
    face(QUALITY).check_quality(0.3)
    face(QUALITY).check_quality(None)
    with pytest.raises(LowQuality) as refused:
        face(QUALITY).check_quality(0.31)
    assert "is 0.30, below 0.31" in refused.value.message
    assert "its sharpness (0.50)" in refused.value.message
    assert refused.value.details["lowest"] == "sharpness"
    assert [*refused.value.details["parts"]] == ["size", "sharpness", "turn", "detection", "likeness"]


@pytest.mark.parametrize("name", ["size", "sharpness", "turn", "detection", "likeness"])
def test_each_part_has_its_advice(name: str) -> None:
    parts = dict.fromkeys(["size", "sharpness", "turn", "detection", "likeness"], 1.0) | {name: 0.1}
    with pytest.raises(LowQuality, match="Send a ") as refused:
        Quality(0.1, **parts).check(0.5)
    assert refused.value.details["lowest"] == name


def test_a_part_that_was_not_measured_is_none_to_blame() -> None:
    with pytest.raises(LowQuality) as refused:
        Quality(0.4, 0.4, 1.0, 1.0, 1.0).check(0.5)
    assert "likeness" not in refused.value.details["parts"]


def test_a_face_of_a_worker_that_measures_none_is_not_checked_in_silence() -> None:
    face(None).check_quality(None)
    with pytest.raises(Unavailable, match="does not measure quality"):
        face(None).check_quality(0.0)


def test_what_an_earlier_search_worker_lets_pass_is_taken_out() -> None:
    now = datetime.now(UTC)
    matches = [
        Match(EnrolledFace(f"{n}", n, "s", "c", "m-1", EMBEDDING, {}, quality, now), 0.5, 0.5, {})
        for n, quality in enumerate([0.1, None, 0.5, 0.4])
    ]
    terms = (Term(Attribute.STYLE, part(EMBEDDING, Attribute.STYLE)),)

    def left(least: float | None) -> list[str]:
        return [match.face.id for match in _good_enough(Query(terms, min_quality=least), Results(matches, 4)).matches]

    assert left(None) == ["0", "1", "2", "3"]
    assert left(0.0) == ["0", "2", "3"]
    assert left(0.4) == ["2", "3"]
