"""Any folder of pictures of people whose names are not known, or a tar of it."""

from collections.abc import Iterator
from pathlib import Path

from training.data.sources.folder import SUFFIXES
from training.data.sources.layout import read_rows
from training.data.sources.pictures import Failure, Picture, files, split_of
from training.targets.expression import EXPRESSIONS


def read_unnamed(root: Path, expressions: Path | None = None) -> Iterator[Picture | Failure]:
    """The pictures, each as if of a person of its own; validation pictures by hash.

    `expressions` is a CSV of `picture,expression`, with paths below the root. Raises ValueError if it has not these
    columns.
    """
    labels: dict[str, str] = {}
    if expressions:
        for row in read_rows(expressions, ["picture", "expression"], _label):
            if isinstance(row, Failure):
                yield row
            else:
                picture, label = row[1]
                labels[picture] = label
    for name, path, offset, size in files(root, SUFFIXES):
        yield Picture(name, path, offset, size, expression=labels.pop(name, None), split=split_of(name))
    yield from (Failure(picture, f"{expressions} names it, but it is not there") for picture in sorted(labels))


def _label(row: dict[str, str]) -> tuple[str, str]:
    if row["expression"] not in EXPRESSIONS:
        raise ValueError(f"expected one of {', '.join(EXPRESSIONS)}, found {row['expression']!r}")
    return row["picture"], row["expression"]
