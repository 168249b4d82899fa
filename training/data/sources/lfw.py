"""Labeled Faces in the Wild: `Name/Name_0001.jpg`, a folder or a tar of it, with `pairs.txt` and `people.txt`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.data.sources.layout import read_rows
from training.data.sources.pictures import Failure, Picture, files, split_of
from training.targets.expression import EXPRESSIONS

EVERYONE = 0
"""As the number of the test fold: all people are for testing."""


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


def read_people(path: Path) -> list[dict[str, int]]:
    """The folds of `people.txt`: for each its people and how many pictures each has.

    A first line with the count of folds, then for each a line with its count of people and a line `name  count` for
    each of them. Raises ValueError naming the line that does not fit.
    """
    lines = path.read_text().splitlines()
    place = 0

    def count() -> int:
        nonlocal place
        place += 1
        text = lines[place - 1].strip() if place <= len(lines) else ""
        if not text.isdecimal():
            raise ValueError(f"{path}:{place}: expected a count, found {text!r}")
        return int(text)

    folds: list[dict[str, int]] = []
    for _ in range(count()):
        fold: dict[str, int] = {}
        for _ in range(count()):
            place += 1
            name, _, pictures = lines[place - 1].partition("\t") if place <= len(lines) else ("", "", "")
            if not name or not pictures.strip().isdecimal():
                raise ValueError(f"{path}:{place}: expected a name, a tab and a count")
            fold[name] = int(pictures)
        folds.append(fold)
    return folds


def read_lfw(
    root: Path,
    pairs: Path | None = None,
    test_fold: int = 9,
    expressions: Path | None = None,
    listed: Path | None = None,
) -> Iterator[Picture | Failure]:
    """The pictures of LFW; whom `pairs.txt` or `people.txt` puts into `test_fold` (from 1) is in the test split.

    With `test_fold` 0 everyone is. `listed` is `people.txt`; pictures that it counts and that are not there are
    Failures. `expressions` is a CSV of `image,expression`. Raises ValueError for files that are not what they should
    be.
    """
    folds = read_people(listed) if listed else []
    tested = people(read_fold(pairs, test_fold)) if pairs and test_fold != EVERYONE else set()
    if folds and test_fold != EVERYONE:
        if test_fold > len(folds):
            raise ValueError(f"{listed} has folds 1 to {len(folds)}, not {test_fold}")
        tested |= folds[test_fold - 1].keys()
    labels: dict[str, str] = {}
    if expressions:
        for row in read_rows(expressions, ["image", "expression"], _label):
            if isinstance(row, Failure):
                yield row
            else:
                picture, label = row[1]
                labels[picture] = label
    counted = {key(name, str(number + 1)) for fold in folds for name, count in fold.items() for number in range(count)}
    for name, path, offset, size in files(root):
        picture = Path(name).stem
        person, _, number = picture.rpartition("_")
        if not number.isdecimal() or Path(name).parent.name != person:
            yield Failure(picture, f"{name}: expected Name/Name_0001.jpg")
            continue
        counted.discard(picture)
        split = "test" if person in tested or test_fold == EVERYONE else split_of(person)
        yield Picture(picture, path, offset, size, person, labels.pop(picture, None), split)
    yield from (Failure(picture, f"{listed} counts it, but it is not there") for picture in sorted(counted))
    yield from (Failure(picture, f"{expressions} names it, but it is not there") for picture in sorted(labels))


def _label(row: dict[str, str]) -> tuple[str, str]:
    if row["expression"] not in EXPRESSIONS:
        raise ValueError(f"expected one of {', '.join(EXPRESSIONS)}, found {row['expression']!r}")
    return row["image"].removesuffix(".jpg"), row["expression"]
