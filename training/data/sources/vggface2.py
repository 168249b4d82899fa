"""VGGFace2: `train/n000002/0001_01.jpg`, `test/…`, `bb_landmark/loose_bb_*.csv`, `identity_meta.csv`."""

from collections.abc import Iterator
from pathlib import Path

from model.faces.detector import Box
from training.data.sources.layout import Layout, number, read_rows
from training.data.sources.pictures import Failure, Picture, split_of

GENDERS = {"m": 1, "f": 0}


def read_vggface2(root: Path) -> Iterator[Picture | Failure]:
    """The pictures that the tables of boxes name; the people of `test/` are the test split, the others by hash.

    The class id is the identity; the attribute `male` comes from `identity_meta.csv`. Raises ValueError for a folder
    without that layout.
    """
    layout = Layout("VGGFace2", root)
    people = layout.find("identity_meta.csv", "meta/identity_meta.csv")
    parts = {
        part: layout.find(f"bb_landmark/loose_bb_{part}.csv", f"meta/bb_landmark/loose_bb_{part}.csv")
        for part in ("train", "test")
        if layout.optional(part)
    }
    if not parts:
        layout.find("train", "test")
    layout.check()
    genders: dict[str, int] = {}
    for row in read_rows(people, ["Class_ID", "Gender"], _gender):
        if isinstance(row, Failure):
            yield row
        else:
            person, gender = row[1]
            genders[person] = gender
    for part, boxes in parts.items():
        yield from _read_part(root / part, boxes, genders)


def _read_part(folder: Path, boxes: Path, genders: dict[str, int]) -> Iterator[Picture | Failure]:
    there = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.glob("*/*.jpg")}
    named: dict[str, tuple[str, Box]] = {}
    for row in read_rows(boxes, ["NAME_ID", "X", "Y", "W", "H"], _box):
        if isinstance(row, Failure):
            yield row
        elif row[1][0] in named:
            yield Failure(row[0], f"a second row for {row[1][0]}")
        else:
            where, (name, box) = row
            named[name] = (where, box)
    for name in sorted(there.keys() | named.keys()):
        key, person = f"{folder.name}/{name}", name.partition("/")[0]
        if name not in named:
            yield Failure(key, f"no readable row of {boxes.name} gives its box")
        elif name not in there:
            yield Failure(key, f"{named[name][0]}: there is no {folder / name}.jpg")
        elif person not in genders:
            yield Failure(key, f"no readable row of identity_meta.csv is of {person}")
        else:
            split = "test" if folder.name == "test" else split_of(person)
            attributes = {"male": genders[person]}
            yield Picture(key, there[name], identity=person, split=split, attributes=attributes, box=named[name][1])


def _gender(row: dict[str, str]) -> tuple[str, int]:
    if row["Gender"] not in GENDERS:
        raise ValueError(f"expected m or f as Gender, found {row['Gender']!r}")
    return row["Class_ID"], GENDERS[row["Gender"]]


def _box(row: dict[str, str]) -> tuple[str, Box]:
    name = row["NAME_ID"].removesuffix(".jpg")
    if name.count("/") != 1:
        raise ValueError(f"expected person/picture as NAME_ID, found {row['NAME_ID']!r}")
    return name, (number(row, "X"), number(row, "Y"), number(row, "W", 1), number(row, "H", 1))
