"""What a protocol found: figures for programs, tables for people, a plot."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

Table = Sequence[Sequence[str]]
"""Rows of equally many cells; the first row is the heading."""


@dataclass(frozen=True)
class Report:
    """The outcome of one protocol for one model."""

    protocol: str
    """The name under which `facet evaluate` runs it."""
    model: str | None
    """The id of the model that was measured; None where none took part."""
    figures: dict[str, Any]
    """Plain data, ready for JSON."""
    tables: Sequence[Table]
    plot: Figure

    def save(self, folder: Path) -> list[Path]:
        """Write `<protocol>.json` and `<protocol>.png` into a folder, which is made if need be; returns both."""
        folder.mkdir(parents=True, exist_ok=True)
        data, picture = folder / f"{self.protocol}.json", folder / f"{self.protocol}.png"
        content = {"model": self.model, "figures": self.figures, "tables": self.tables}
        data.write_text(json.dumps(content, indent=2) + "\n")
        self.plot.savefig(picture, dpi=100)
        return [data, picture]

    def text(self) -> str:
        """The tables with aligned columns."""
        return "\n\n".join(aligned(table) for table in self.tables)


def aligned(table: Table) -> str:
    """Rows of cells as lines of text: the first column to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    )


def percent(share: float) -> str:
    """A share for people: one decimal, in per cent."""
    return f"{100 * share:.1f} %"
