"""The report of a measurement: one JSON for programs, one page for people."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.gpu.parts import Outcome
from benchmarks.gpu.task import Row


def write(folder: Path, facts: Mapping[str, str | float], outcomes: Sequence[Outcome]) -> None:
    """`gpu.json` and `gpu.md` in a folder, aside first, so that a cut leaves the last whole ones."""
    report = {"facts": dict(facts), "parts": [vars(outcome) for outcome in outcomes]}
    for name, text in (("gpu.json", json.dumps(report, indent=2) + "\n"), ("gpu.md", page(facts, outcomes))):
        aside = folder / f"{name}.writing"
        aside.write_text(text)
        aside.replace(folder / name)


def page(facts: Mapping[str, str | float], outcomes: Sequence[Outcome]) -> str:
    """A section for each part: why it has not all figures, and a table of those that it has."""
    lines = ["# What a GPU did", "", *(f"- {name}: {value}" for name, value in facts.items())]
    for outcome in outcomes:
        lines += ["", f"## {outcome.name} ({outcome.seconds:.0f} s)"]
        if outcome.problem:
            lines += ["", f"**{outcome.problem}**"]
        if outcome.rows:
            lines += ["", *table(outcome.rows)]
    return "\n".join(lines) + "\n"


def table(rows: Sequence[Row]) -> list[str]:
    """Rows, which may lack some figures, as a table of Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return head + [f"| {' | '.join(_cell(row.get(name, '')) for name in names)} |" for row in rows]


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
