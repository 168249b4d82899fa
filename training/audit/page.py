"""An audit as one HTML page that holds everything it shows."""

import base64
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from model.engine.backend import Pixels
from model.images.encode import SourceType, encode_png
from training.audit.audit import Audit
from training.audit.findings import Finding, Kind
from training.audit.material import Material

TEMPLATE = "page.html"
HEADINGS = {
    Kind.IDENTITY: (
        "Wrong identities",
        "Each picture looks less like its own person than like another: first the picture, then the most typical one "
        "of the name that it has, then of the name that fits better. The number is the probability that the name is "
        "wrong.",
    ),
    Kind.EXPRESSION: (
        "Wrong expressions",
        "First the picture, then the most typical one of the expression that it is labelled with, then of the one "
        "that fits better. The number is the probability that the label is wrong.",
    ),
    Kind.DUPLICATE: (
        "Near-duplicates",
        "Two pictures that are nearly the same; the number is the structural similarity of the faces in them.",
    ),
    Kind.NON_FACE: (
        "Non-faces",
        "First the picture, then what the model draws from its embedding. The number says by how many robust standard "
        "deviations the drawing reads less like the picture than is usual.",
    ),
}


@dataclass(frozen=True)
class _Picture:
    source: str
    caption: str


@dataclass(frozen=True)
class _Card:
    path: str
    score: str
    note: str
    pictures: list[_Picture]


@dataclass(frozen=True)
class _Section:
    kind: Kind
    title: str
    text: str
    flagged: int
    cards: list[_Card]


def write_page(result: Audit, material: Material, path: Path, name: str, model: str, table: str, most: int) -> None:
    """Write the flagged findings, of each kind at most `most`, with thumbnails; all text from outside is escaped."""
    sections = []
    for kind, (title, text) in HEADINGS.items():
        flagged = [finding for finding in result.of(kind) if finding.flagged]
        cards = [_card(finding, result, material) for finding in flagged[:most]]
        sections.append(_Section(kind, title, text, len(flagged), cards))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template(TEMPLATE).render(
        name=name,
        model=model,
        table=table,
        pictures=len(material.pictures),
        sections=sections,
        failures=material.failures,
    )
    path.write_text(page, encoding="utf-8")


def _card(finding: Finding, result: Audit, material: Material) -> _Card:
    pictures = [_Picture(_source(material.crops[finding.row]), finding.label or "no label")]
    pictures += [_Picture(_source(material.crops[row]), caption) for caption, row in finding.beside.items()]
    if finding.kind is Kind.NON_FACE:
        pictures.append(_Picture(_source(result.drawn[finding.row], SourceType.TRAINED), "drawn by the model"))
    return _Card(finding.path, f"{finding.score:.2f}", finding.note, pictures)


def _source(pixels: Pixels, source_type: SourceType | None = None) -> str:
    """A picture as a data URI."""
    return "data:image/png;base64," + base64.b64encode(encode_png(pixels, source_type)).decode()
