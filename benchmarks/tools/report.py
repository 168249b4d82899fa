"""A benchmark's figures beside their bars: printed, written as JSON, and turned into an exit code."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Row:
    """One figure; without a bar it is only stated."""

    name: str
    value: float
    unit: str = ""
    bar: float | None = None
    better: Literal["more", "less"] = "more"

    @property
    def met(self) -> bool | None:
        """Whether the bar is met, None where there is none."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.better == "more" else self.value <= self.bar


@dataclass
class Table:
    """The figures of one run."""

    title: str
    rows: list[Row] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """What the figures were made from: single rounds, settings, other counts."""

    def add(
        self,
        name: str,
        value: float,
        unit: str = "",
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """Add a figure, held to at most one of two kinds of bars."""
        if at_most is None:
            self.rows.append(Row(name, value, unit, at_least))
        else:
            self.rows.append(Row(name, value, unit, at_most, "less"))

    def text(self) -> str:
        """The rows as lines for people."""
        width = max(len(row.name) for row in self.rows)
        return "\n".join([f"{self.title}, {machine()}", *(_line(row, width) for row in self.rows)])

    def finish(self, to: Path | None) -> None:
        """Print the table and write it as JSON; a bar that is missed is exit code 1."""
        print(self.text())
        if to is not None:
            rows = [asdict(row) | {"met": row.met} for row in self.rows]
            report = {"title": self.title, "machine": machine(), "rows": rows, "facts": self.facts}
            to.write_text(json.dumps(report, indent=2) + "\n")
        if any(row.met is False for row in self.rows):
            raise SystemExit(1)


def machine() -> str:
    """The processor that the figures are of."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0] if names else platform.machine()}"


def _line(row: Row, width: int) -> str:
    figure = f"{row.name:{width}}  {row.value:10.3f} {row.unit:8}"
    if row.bar is None:
        return figure.rstrip()
    sign = ">=" if row.better == "more" else "<="
    return f"{figure}  {sign} {row.bar:g}  {'met' if row.met else 'MISSED'}"
