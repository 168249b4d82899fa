"""What an audit found, as a table."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What may be wrong with a picture."""

    IDENTITY = "identity"
    EXPRESSION = "expression"
    DUPLICATE = "duplicate"
    NON_FACE = "non-face"


@dataclass(frozen=True)
class Finding:
    """A picture and what may be wrong with it; of one kind, the likeliest comes first."""

    kind: Kind
    row: int
    """Of the picture, among those that could be read."""
    path: str
    score: float
    """The probability that the label is wrong; of two near-duplicates the structural similarity; of what may be no
    face by how many robust standard deviations it differs from the others."""
    flagged: bool
    """Whether the score is beyond what the kind's module holds for an error."""
    label: str = ""
    suggestion: str = ""
    """The label that fits better, or the path of the other picture."""
    note: str = ""
    beside: dict[str, int] = field(default_factory=dict)
    """Rows of pictures to compare it with, by what they are."""


COLUMNS = ("kind", "rank", "flagged", "score", "path", "label", "suggestion", "note")


def write_table(findings: Iterable[Finding], path: Path) -> None:
    """Write the findings as CSV, those of each kind counted from 1."""
    ranks = dict.fromkeys(Kind, 0)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for finding in findings:
            ranks[finding.kind] += 1
            facts = (finding.path, finding.label, finding.suggestion, finding.note)
            table.writerow([finding.kind, ranks[finding.kind], int(finding.flagged), f"{finding.score:.4f}", *facts])
