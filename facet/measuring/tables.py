"""Faces written as JSON lines, CSV, Parquet or NumPy's arrays; each row names the picture that it is of."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from facet.measuring.journal import Row
from model.attributes import EMBEDDING_SIZE, POSE_ANGLES, SPACES, Attribute
from model.errors import InvalidRequest

_BOX = ("x", "y", "width", "height")
_ROWS = 10_000
"""Faces in one row group of a Parquet file."""


class Format(StrEnum):
    """How faces are written."""

    JSONL = "jsonl"
    CSV = "csv"
    NPZ = "npz"
    PARQUET = "parquet"


def format_of(path: Path | None) -> Format:
    """What a file's ending asks for; JSON lines where it says nothing."""
    ending = "" if path is None else path.suffix.lower().removeprefix(".")
    return Format(ending) if ending in set(Format) else Format.JSONL


def write(rows: Iterable[Row], path: Path, form: Format, model: str) -> None:
    """Write a file, in place of what is there when it is whole. Raises InvalidRequest for Parquet without pyarrow."""
    aside = path.with_name(f"{path.name}.new")
    try:
        match form:
            case Format.NPZ:
                _write_arrays(rows, aside, model)
            case Format.PARQUET:
                _write_parquet(rows, aside, model)
            case Format.CSV | Format.JSONL:
                with aside.open("w", encoding="utf-8", newline="") as file:
                    write_text(rows, file, form)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(rows: Iterable[Row], file: TextIO, form: Format) -> None:
    """Write lines of JSON or a table, row by row as they come."""
    if form is Format.JSONL:
        for row in rows:
            print(json.dumps(row), file=file)
        return
    table = csv.writer(file, lineterminator="\n")
    started = False
    for row in rows:
        flat = _flat(row)
        numbers = flat.pop("embedding")
        if not started:
            table.writerow([*flat, *embedding_columns()])
            started = True
        table.writerow([*flat.values(), *numbers])


def embedding_columns() -> list[str]:
    """Names of the embedding's numbers: `pose_0`, …"""
    return [f"{attribute}_{number}" for attribute, space in SPACES.items() for number in range(space.size)]


def _flat(row: Row) -> dict[str, Any]:
    """A row without anything inside: degrees, the probability of each expression, and the embedding as one list."""
    parts = row["embedding"]
    expression = row["expression"]
    return {
        **{name: row[name] for name in ("picture", "frame", "seconds", "face", "score")},
        **dict(zip(_BOX, row["box"], strict=True)),
        **{angle: row["pose_degrees"][angle] for angle in POSE_ANGLES},
        "expression": expression["label"],
        **{f"expression_{label}": value for label, value in expression["probabilities"].items()},
        **_quality(row.get("quality")),
        "embedding": list(chain.from_iterable(parts[attribute] for attribute in Attribute)),
    }


def _quality(quality: Mapping[str, Any] | None) -> dict[str, Any]:
    """`quality` and a column for each of its parts that was measured, of a face that has one."""
    measured = {name: value for name, value in (quality or {}).items() if value is not None}
    return {"quality" if name == "score" else f"quality_{name}": value for name, value in measured.items()}


def _write_arrays(rows: Iterable[Row], path: Path, model: str) -> None:
    """An array for each column, `embedding` `(n, 99)`, and `model`; frames of pictures are -1, their seconds NaN."""
    flat = [_flat(row) for row in rows]
    columns = {name: [row[name] for row in flat] for name in (flat[0] if flat else ())}
    arrays: dict[str, Any] = {name: np.array(values) for name, values in columns.items()}
    if flat:
        arrays["frame"] = np.array([-1 if value is None else value for value in columns["frame"]])
        arrays["seconds"] = np.array([np.nan if value is None else value for value in columns["seconds"]])
    embeddings = np.array(columns.get("embedding", ()), np.float32).reshape(-1, EMBEDDING_SIZE)
    with path.open("wb") as file:
        np.savez(file, **{**arrays, "embedding": embeddings, "model": np.array(model)})


def _write_parquet(rows: Iterable[Row], path: Path, model: str) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise InvalidRequest("Parquet needs pyarrow: pip install 'facet[parquet]'") from error
    places = json.dumps({name: [space.slice.start, space.slice.stop] for name, space in SPACES.items()})
    flat = (_flat(row) for row in rows)
    first = next(flat, None)
    schema = _schema(pa, first or {}).with_metadata({"facet": places, "model": model})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(chain([] if first is None else [first], flat)):
            writer.write_batch(pa.RecordBatch.from_arrays(_columns(pa, batch, schema), schema=schema))


def _schema(pa: Any, row: dict[str, Any]) -> Any:
    known = {"picture": pa.string(), "frame": pa.int64(), "face": pa.int32(), "expression": pa.string()}
    known["embedding"] = pa.list_(pa.float32(), EMBEDDING_SIZE)
    return pa.schema({name: known.get(name, pa.float64()) for name in (row or known)})


def _columns(pa: Any, batch: list[dict[str, Any]], schema: Any) -> list[Any]:
    """The columns of some rows; the embeddings as one array, which takes a tenth of the time of lists."""
    columns = []
    for field in schema:
        values = [row[field.name] for row in batch]
        if field.name == "embedding":
            numbers = pa.array(np.asarray(values, np.float32).reshape(-1))
            columns.append(pa.FixedSizeListArray.from_arrays(numbers, EMBEDDING_SIZE))
        else:
            columns.append(pa.array(values, field.type))
    return columns


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, _ROWS)):
        yield batch
