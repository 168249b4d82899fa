"""Celebrities in Frontal-Profile in the Wild (Sengupta et al. 2016): `Data/Images/001/{frontal,profile}/01.jpg`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, get_args

from training.data.sources.layout import Layout
from training.data.sources.lfw import Pair
from training.data.sources.pictures import Failure, Picture, files, split_of

Protocol = Literal["FF", "FP"]
"""Frontal against frontal, frontal against profile."""
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
VIEWS = ("frontal", "profile")


def key(person: str, view: str, number: str) -> str:
    """The key of a person's picture: `001/profile/01`."""
    return f"{person}/{view}/{number}"


def read_cfp_pairs(root: Path, protocol: Protocol, fold: int) -> list[Pair]:
    """The pairs of one of the protocol's folds, from 1.

    `Protocol/Pair_list_F.txt` and `…_P.txt` number the pictures; `Protocol/Split/FP/01/same.txt` and `…/diff.txt` name
    pairs of numbers, the first of `FP` a frontal one. Raises ValueError if a file is missing or a line does not fit.
    """
    layout = Layout("CFP", root)
    lists = [layout.find(f"Protocol/Pair_list_{view}.txt") for view in ("F", "P")]
    split = f"Protocol/Split/{protocol}/{fold:02d}"
    same, different = layout.find(f"{split}/same.txt"), layout.find(f"{split}/diff.txt")
    layout.check()
    frontal, profile = (_numbered(path) for path in lists)
    second = frontal if protocol == "FF" else profile
    return [
        Pair(first, other, is_same)
        for path, is_same in ((same, True), (different, False))
        for first, other in _pairs(path, frontal, second)
    ]


def of_copy(root: Path, pairs: Iterable[Pair]) -> list[Pair]:
    """Those of some pairs whose two pictures this copy of CFP has; public ones lack some people."""
    there = {Path(name).with_suffix("").as_posix() for name, *_ in files(root / "Data" / "Images")}
    return [pair for pair in pairs if pair.first in there and pair.second in there]


def read_cfp(root: Path, test_fold: int = 8) -> Iterator[Picture | Failure]:
    """The pictures of CFP; the people of `test_fold` of its protocol are in the test split."""
    pairs = read_cfp_pairs(root, "FF", test_fold)
    tested = {name.split("/")[0] for pair in pairs for name in (pair.first, pair.second)}
    for name, path, offset, size in files(root / "Data" / "Images"):
        match Path(name).parts:
            case (person, ("frontal" | "profile") as view, file):
                split = "test" if person in tested else split_of(person)
                yield Picture(key(person, view, Path(file).stem), path, offset, size, person, split=split)
            case _:
                yield Failure(name, f"{name}: expected 001/frontal/01.jpg or 001/profile/01.jpg")


def _numbered(path: Path) -> dict[str, str]:
    """Keys of pictures by their numbers, from lines such as `1 ../Data/Images/001/frontal/01.jpg`."""
    keys = {}
    for place, line in enumerate(path.read_text().splitlines(), 1):
        number, _, name = line.strip().partition(" ")
        parts = Path(name).parts[-3:]
        if not number.isdecimal() or len(parts) != 3 or parts[1] not in VIEWS:
            raise ValueError(f"{path}:{place}: expected a number and a path, found {line!r}")
        keys[number] = key(parts[0], parts[1], Path(name).stem)
    return keys


def _pairs(path: Path, first: dict[str, str], second: dict[str, str]) -> Iterator[tuple[str, str]]:
    for place, line in enumerate(path.read_text().splitlines(), 1):
        a, _, b = line.strip().partition(",")
        if a not in first or b not in second:
            raise ValueError(f"{path}:{place}: expected two numbers of listed pictures, found {line!r}")
        yield first[a], second[b]
