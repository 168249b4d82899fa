"""Embeddings written as JSON lines, as a table, or as arrays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import typer

if TYPE_CHECKING:
    from facet_client.answers import Face

Write = Callable[[Path, "Face"], None]
"""Takes the next face and the picture that it is in."""


class Format(StrEnum):
    """How embeddings are written."""

    JSONL = "jsonl"
    CSV = "csv"
    NPZ = "npz"


@contextmanager
def writing(output: Path | None, form: Format) -> Iterator[Write]:
    """What writes the faces, as they come; arrays when all have come."""
    if form is Format.NPZ:
        assert output is not None
        rows: list[tuple[Path, Face]] = []
        yield lambda path, face: rows.append((path, face))
        _write_arrays(rows, output)
        return
    to_lines = _json_lines if form is Format.JSONL else _table
    if output is None:
        yield to_lines(typer.get_text_stream("stdout"))
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        yield to_lines(file)


def _json_lines(file: TextIO) -> Write:
    import json

    return lambda path, face: print(json.dumps({"picture": str(path), **face}), file=file)


def _table(file: TextIO) -> Write:
    import csv

    table = csv.writer(file, lineterminator="\n")
    started = False

    def write(path: Path, face: "Face") -> None:
        nonlocal started
        parts = _parts(face)
        if not started:
            table.writerow(
                ["picture", "score", *(f"{name}_{n}" for name, part in parts.items() for n in range(len(part)))]
            )
            started = True
        table.writerow([path, face["score"], *chain(*parts.values())])

    return write


def _write_arrays(rows: "list[tuple[Path, Face]]", path: Path) -> None:
    """Arrays `picture` `(n,)`, `score` `(n,)`, `box` `(n, 4)` and `embedding` `(n, 99)`."""
    import numpy as np

    from model.attributes import EMBEDDING_SIZE

    embeddings = [list(chain(*_parts(face).values())) for _, face in rows]
    with path.open("wb") as file:
        np.savez(
            file,
            picture=np.array([str(picture) for picture, _ in rows], dtype=np.str_),
            score=np.array([face["score"] for _, face in rows], np.float32),
            box=np.array([face["box"] for _, face in rows], np.float32).reshape(-1, 4),
            embedding=np.array(embeddings, np.float32).reshape(-1, EMBEDDING_SIZE),
        )


def _parts(face: "Face") -> dict[str, list[float]]:
    return cast(dict[str, list[float]], face["embedding"])
