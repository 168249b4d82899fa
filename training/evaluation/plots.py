"""The few kinds of plot that the protocols draw; figures of their own, so that no display is needed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

SIZE = (7.0, 4.5)
"""Inches."""


def bars(groups: Mapping[str, Mapping[str, float]], label: str, top: float | None = None) -> Figure:
    """Grouped bars: one cluster for each inner name, one colour for each outer name that has it."""
    names = list(dict.fromkeys(name for values in groups.values() for name in values))
    figure = Figure(SIZE, layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(groups)
    for number, (group, values) in enumerate(groups.items()):
        places = [names.index(name) + (number - (len(groups) - 1) / 2) * width for name in values]
        axes.bar(places, list(values.values()), width, label=group)
    axes.set_xticks(range(len(names)), names, **_slanted(names))
    axes.set_ylabel(label)
    axes.set_ylim(top=top)
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def curves(lines: Mapping[str, tuple[ArrayLike, ArrayLike]], x_label: str, y_label: str) -> Figure:
    """One line for each name, from its x and y values."""
    figure = Figure(SIZE, layout="constrained")
    axes = figure.subplots()
    for name, (x, y) in lines.items():
        axes.plot(x, y, label=name)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def matrix(values: ArrayLike, rows: Sequence[str], columns: Sequence[str], x_label: str, y_label: str) -> Figure:
    """A table of numbers `(rows, columns)` with each cell's colour and number."""
    numbers = np.asarray(values, float)
    figure = Figure(SIZE, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(numbers, aspect="auto", cmap="Blues")
    figure.colorbar(image)
    axes.set_xticks(range(len(columns)), columns, **_slanted(columns))
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    middle = (numbers.min() + numbers.max()) / 2
    for (row, column), number in np.ndenumerate(numbers):
        colour = "white" if number > middle else "black"
        axes.text(column, row, f"{number:.2f}", ha="center", va="center", color=colour)
    return figure


def _slanted(names: Sequence[str]) -> dict[str, Any]:
    """How names are set below an axis: aslant where they would run into each other."""
    return {"rotation": 30, "ha": "right"} if sum(map(len, names)) > 40 else {}
