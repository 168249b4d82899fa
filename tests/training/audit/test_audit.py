import csv
from collections.abc import Set
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from model.engine.backend import Backend, load_backend
from tests.training.audit.planted import Planted, plant
from training.audit.audit import Audit, audit
from training.audit.findings import Kind, write_table
from training.audit.material import Material, align_all, read_labelled
from training.audit.page import write_page


@pytest.fixture(scope="module")
def backend() -> Backend:
    return load_backend("", "cpu")


@pytest.fixture(scope="module")
def planted(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return plant(backend, tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def material(backend: Backend, planted: Planted) -> Material:
    return align_all(list(read_labelled(planted.table)), None, backend.image_size)


@pytest.fixture(scope="module")
def result(backend: Backend, material: Material) -> Audit:
    return audit(backend, material)


def measured(result: Audit, kind: Kind, planted: Set[str], excused: Set[str] = frozenset()) -> tuple[float, float]:
    """Precision and recall of what is flagged, but for what is excused; printed."""
    flagged = {finding.path for finding in result.of(kind) if finding.flagged} - excused
    hits = len(flagged & planted)
    precision, recall = hits / max(1, len(flagged)), hits / len(planted)
    print(f"{kind}: {len(planted)} planted, {len(flagged)} flagged, precision {precision:.2f}, recall {recall:.2f}")
    return precision, recall


def test_exchanged_names_are_found(result: Audit, planted: Planted) -> None:
    # A picture of no face, under whichever name, may be flagged here too.
    precision, recall = measured(result, Kind.IDENTITY, planted.people.keys(), planted.non_faces)
    assert precision >= 0.9
    assert recall >= 0.9
    suggestions = {f.path: f.suggestion for f in result.of(Kind.IDENTITY) if f.flagged}
    right = [suggestions.get(path) == name for path, name in planted.people.items()]
    assert sum(right) >= 0.9 * len(right)
    wrong = len(planted.people) + len(planted.non_faces)
    assert result.share == pytest.approx(wrong / len(result.of(Kind.IDENTITY)), abs=0.02)


def test_what_is_flagged_as_an_exchanged_expression_is_one(result: Audit, planted: Planted) -> None:
    precision, _ = measured(result, Kind.EXPRESSION, planted.expressions.keys())
    assert precision >= 0.8


def test_most_exchanged_expressions_are_found(result: Audit, planted: Planted) -> None:
    _, recall = measured(result, Kind.EXPRESSION, planted.expressions.keys())
    assert recall >= 0.7


def test_pictures_of_no_face_are_found(result: Audit, planted: Planted) -> None:
    precision, recall = measured(result, Kind.NON_FACE, planted.non_faces)
    assert precision >= 0.8
    assert recall >= 0.7
    ranked = [finding.path for finding in result.of(Kind.NON_FACE)]
    assert set(ranked[: len(planted.non_faces)]) == planted.non_faces


def test_copies_are_found(result: Audit, planted: Planted) -> None:
    pairs = {(f.path, f.suggestion) for f in result.of(Kind.DUPLICATE) if f.flagged}
    assert pairs == planted.copies


def test_scores_fall_within_a_kind_and_every_picture_is_ranked(result: Audit, material: Material) -> None:
    for kind in Kind:
        scores = [finding.score for finding in result.of(kind)]
        assert scores == sorted(scores, reverse=True)
    assert len(result.of(Kind.IDENTITY)) == len(result.of(Kind.NON_FACE)) == len(material.pictures)


def test_a_picture_without_a_face_is_no_face_and_its_labels_are_not_judged(
    backend: Backend, material: Material
) -> None:
    found = np.arange(60) != 7
    again = audit(backend, Material(material.pictures[:60], material.crops[:60], found, []))
    first = again.of(Kind.NON_FACE)[0]
    assert (first.row, first.flagged, first.note) == (7, True, "no face was found")
    for kind in (Kind.IDENTITY, Kind.EXPRESSION):
        judged = {finding.row for finding in again.of(kind)}
        assert 7 not in judged
        assert {6, 8} < judged


def test_nothing_to_audit(backend: Backend) -> None:
    with pytest.raises(ValueError, match="there is no readable picture to audit"):
        audit(backend, align_all([], None, backend.image_size))


def test_the_table_ranks_the_findings_of_each_kind(result: Audit, tmp_path: Path) -> None:
    write_table(result.findings, tmp_path / "audit.csv")
    with (tmp_path / "audit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(result.findings)
    for kind in Kind:
        mine = [row for row in rows if row["kind"] == kind]
        assert [int(row["rank"]) for row in mine] == list(range(1, len(mine) + 1))
        assert [row["path"] for row in mine] == [finding.path for finding in result.of(kind)]
        assert [row["flagged"] == "1" for row in mine] == [finding.flagged for finding in result.of(kind)]


class Tags(HTMLParser):
    """Counts the pictures of a page and collects its text and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [value or "" for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_holds_all_it_shows_and_escapes_what_it_is_told(
    backend: Backend, material: Material, result: Audit, tmp_path: Path
) -> None:
    hostile = '<script>alert("1")</script>'
    write_page(result, material, tmp_path / "a.html", hostile, backend.id, "audit.csv", 3)
    page = Tags()
    page.feed((tmp_path / "a.html").read_text("utf-8"))
    assert "script" not in page.tags
    assert f"Label audit of {hostile}" in page.text
    assert page.sources
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    # Three findings each of names and expressions with two comparisons, of copies and non-faces with one.
    assert len(page.sources) == 2 * 3 * 3 + 2 * 3 * 2
    flagged = sum(finding.flagged for finding in result.of(Kind.IDENTITY))
    assert f"Wrong identities: {flagged}" in page.text
    assert "The first 3 of them:" in page.text
