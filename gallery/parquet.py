"""A collection as a Parquet file, so that every other tool can read it and a gallery takes it back to the last bit."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gallery.records import NewFace
from model.attributes import EMBEDDING_SIZE, SPACES
from model.errors import InvalidRequest

_ROWS = 10_000
_SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "subject": pa.string(),
        "collection": pa.string(),
        "model": pa.string(),
        "created": pa.timestamp("ms", "UTC"),
        "quality": pa.float64(),
        "metadata": pa.string(),
        "embedding": pa.list_(pa.float32(), EMBEDDING_SIZE),
        "content": pa.binary(),
        "crop": pa.binary(),
    },
    # Where each part of the embedding lies, for whoever reads the file without this project.
    {"facet": json.dumps({name: [space.slice.start, space.slice.stop] for name, space in SPACES.items()})},
)
"""One row a face: `metadata` is JSON, `content` the hash of an imported picture, `crop` the kept picture."""


def write(path: Path, batches: Iterable[list[NewFace]]) -> int:
    """Write faces to a file, put in its place when it is whole; gives how many."""
    aside, count = path.with_name(f"{path.name}.new"), 0
    try:
        with pq.ParquetWriter(aside, _SCHEMA, compression="zstd") as writer:
            for faces in _gathered(batches):
                writer.write_batch(_batch(faces))
                count += len(faces)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    return count


class Export:
    """A file of faces that is read."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidRequest for a file that no gallery wrote."""
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise InvalidRequest(f"{path} cannot be read as Parquet: {error}") from error
        for field in _SCHEMA:
            there = self._file.schema_arrow
            if field.name not in there.names or there.field(field.name).type != field.type:
                raise InvalidRequest(f"{path} is no export of a gallery: it has no column {field.name} of {field.type}")

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def check_model(self, model: str) -> None:
        """Raises InvalidRequest if another model made one of the faces: its numbers mean something else."""
        for batch in self._file.iter_batches(_ROWS, columns=["model"]):
            others = set(batch.column("model").unique().to_pylist()) - {model}
            if others:
                raise InvalidRequest(
                    f"the file holds faces of the model {others.pop()!r}, and {model!r} runs here; their embeddings "
                    "cannot be compared. Start Facet with that model, or import the pictures again.",
                    model=model,
                )

    def faces(self, collection: str | None = None) -> Iterator[list[NewFace]]:
        """The faces, some at a time, in their own collection or in another.

        Raises InvalidRequest or InvalidEmbedding for a row that is no face.
        """
        for batch in self._file.iter_batches(_ROWS):
            try:
                found = _faces(batch)
            except (ValueError, TypeError, AttributeError, pa.ArrowException) as error:
                raise InvalidRequest(f"the file holds a row that is no face: {error}") from error
            yield [replace(face, collection=collection) for face in found] if collection else found


def _gathered(batches: Iterable[list[NewFace]]) -> Iterator[list[NewFace]]:
    """The same faces in batches of the size of a row group."""
    waiting: list[NewFace] = []
    for faces in batches:
        waiting += faces
        if len(waiting) >= _ROWS:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _batch(faces: list[NewFace]) -> Any:
    columns: dict[str, Any] = {name: [getattr(face, name) for face in faces] for name in _SCHEMA.names}
    columns["metadata"] = [json.dumps(face.metadata, ensure_ascii=False) for face in faces]
    numbers = pa.array(np.concatenate(columns["embedding"], dtype=np.float32))
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(numbers, EMBEDDING_SIZE)
    return pa.record_batch(columns, _SCHEMA)


def _faces(batch: Any) -> list[NewFace]:
    embeddings = batch.column("embedding").flatten().to_numpy(zero_copy_only=False).reshape(-1, EMBEDDING_SIZE)
    names = [field.name for field in fields(NewFace) if field.name not in ("embedding", "metadata")]
    columns = {name: batch.column(name).to_pylist() for name in names}
    metadata = [json.loads(text) for text in batch.column("metadata").to_pylist()]
    return [
        NewFace(embedding=embedding, metadata=facts, **{name: columns[name][row] for name in names})
        for row, (embedding, facts) in enumerate(zip(embeddings, metadata, strict=True))
    ]
