"""Labeled Faces in the Wild: `lfw-deepfunneled/Name/Name_0001.jpg`, a folder or a tar of it, with `pairs.txt`."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.data.pictures import Picture, files, split_of


@dataclass(frozen=True)
class Pair:
    """Two pictures of LFW's View 2, by key, and whether they show one person."""

    first: str
    second: str
    same: bool


def key(name: str, number: str) -> str:
    """The key of a person's picture: `Name_0001`."""
    return f"{name}_{int(number):04d}"


def read_pairs(path: Path) -> list[list[Pair]]:
    """The folds of `pairs.txt`: a first line `folds  n`, then for each fold n matched and n mismatched lines.

    Raises ValueError naming the line that does not fit.
    """
    lines = path.read_text().splitlines()
    try:
        count, half = (int(number) for number in lines[0].split())
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path}:1: expected two numbers, folds and pairs of each kind") from error
    if len(lines) < 1 + count * 2 * half:
        raise ValueError(f"{path}: expected {count * 2 * half} pairs, found {len(lines) - 1}")
    pairs = []
    for number, line in enumerate(lines[1 : 1 + count * 2 * half], 2):
        match line.split("\t"):
            case [name, a, b] if a.isdecimal() and b.isdecimal():
                pairs.append(Pair(key(name, a), key(name, b), True))
            case [name, a, other, b] if a.isdecimal() and b.isdecimal():
                pairs.append(Pair(key(name, a), key(other, b), False))
            case _:
                raise ValueError(f"{path}:{number}: expected name, number, number or name, number, name, number")
    return [pairs[start : start + 2 * half] for start in range(0, len(pairs), 2 * half)]


def read_fold(path: Path, number: int) -> list[Pair]:
    """One fold of `pairs.txt`, from 1. Raises ValueError if there is no such fold, and what `read_pairs` raises."""
    folds = read_pairs(path)
    if not 1 <= number <= len(folds):
        raise ValueError(f"{path} has folds 1 to {len(folds)}, not {number}")
    return folds[number - 1]


def people(fold: list[Pair]) -> set[str]:
    """The names that occur in a fold."""
    return {picture.rpartition("_")[0] for pair in fold for picture in (pair.first, pair.second)}


def read_lfw(
    root: Path, pairs: Path | None = None, test_fold: int = 9, expressions: Path | None = None
) -> Iterator[Picture]:
    """The pictures of LFW; the people of `test_fold` (from 1) are the test split.

    `expressions` is a CSV of `image,expression`. Raises ValueError for files that are not what they should be.
    """
    tested = people(read_fold(pairs, test_fold)) if pairs else set()
    labels: dict[str, str] = {}
    if expressions:
        with expressions.open(newline="") as file:
            rows = csv.DictReader(file)
            if not {"image", "expression"} <= set(rows.fieldnames or ()):
                raise ValueError(f"{expressions}:1: expected the columns image and expression, not {rows.fieldnames}")
            labels = {row["image"].removesuffix(".jpg"): row["expression"] for row in rows}
    for name, path, offset, size in files(root):
        picture = Path(name).stem
        person = picture.rpartition("_")[0]
        split = "test" if person in tested else split_of(person)
        yield Picture(picture, path, offset, size, person, labels.get(picture), split)
