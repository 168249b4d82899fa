"""CelebA: `img_celeba` or `img_align_celeba`, `identity_CelebA.txt`, `list_attr_celeba.txt`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from training.data.sources.layout import Layout
from training.data.sources.pictures import Failure, Picture, Split, split_of

SPLITS: dict[int, Split] = {0: "train", 1: "val", 2: "test"}
"""The codes of `list_eval_partition.txt`."""


@dataclass
class Table:
    """Whole numbers for each picture from one of CelebA's text files."""

    path: Path
    columns: list[str]
    rows: dict[str, list[int]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def read_celeba(root: Path) -> Iterator[Picture | Failure]:
    """The pictures that the table of identities names, with 40 attributes (1 or -1).

    The split is that of `list_eval_partition.txt` where it is there, else by hash of the identity; in pictures that
    are not aligned, `list_bbox_celeba.txt` says whose face it is. Raises ValueError for a folder without that layout.
    """
    layout = Layout("CelebA", root)
    folder = layout.find("img_celeba", "img_align_celeba", "Img/img_celeba", "Img/img_align_celeba")
    names = layout.find("identity_CelebA.txt", "Anno/identity_CelebA.txt")
    labels = layout.find("list_attr_celeba.txt", "Anno/list_attr_celeba.txt")
    layout.check()
    tables = [read_table(names, ["identity"]), read_table(labels)]
    parts = layout.optional("list_eval_partition.txt", "Eval/list_eval_partition.txt")
    tables += [read_table(parts, ["split"])] if parts else []
    boxes = layout.optional("list_bbox_celeba.txt", "Anno/list_bbox_celeba.txt")
    tables += [read_table(boxes)] if boxes and folder.name == "img_celeba" else []
    for table in tables:
        yield from table.failures
    there = {path.name: path for path in sorted(folder.iterdir()) if path.suffix == ".jpg"}
    for name in sorted(there.keys() | tables[0].rows.keys()):
        lacking = [table.path.name for table in tables if name not in table.rows]
        if name not in there:
            yield Failure(name, f"{names.name} names it, but there is no {folder / name}")
        elif lacking:
            yield Failure(name, f"it has no readable row in {', '.join(lacking)}")
        else:
            yield _picture(name, there[name], tables)


def _picture(name: str, path: Path, tables: list[Table]) -> Picture | Failure:
    values = {table.path.name: table.rows[name] for table in tables}
    identity = str(tables[0].rows[name][0])
    code = values.get("list_eval_partition.txt")
    if code and code[0] not in SPLITS:
        return Failure(name, f"list_eval_partition.txt: expected 0, 1 or 2, found {code[0]}")
    x, y, width, height = values.get("list_bbox_celeba.txt", [0, 0, 0, 0])
    return Picture(
        key=path.stem,
        path=path,
        identity=identity,
        split=SPLITS[code[0]] if code else split_of(identity),
        attributes=dict(zip(tables[1].columns, tables[1].rows[name], strict=True)),
        box=(x, y, width, height) if width > 0 and height > 0 else None,
    )


def read_table(path: Path, columns: list[str] | None = None) -> Table:
    """A text file with a picture's name and whole numbers on each line.

    Without `columns` its first line is the count of pictures and its second names the columns. Raises ValueError if
    they are not.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    first = 1
    if columns is None:
        if len(lines) < 2 or not lines[0].strip().isdecimal():
            raise ValueError(f"{path}:1: expected the count of pictures, and in line 2 the names of the columns")
        columns, first = [name for name in lines[1].split() if name != "image_id"], 3
    table = Table(path, columns)
    for number, line in enumerate(lines[first - 1 :], first):
        name, *cells = line.split() or [""]
        try:
            if len(cells) != len(columns):
                raise ValueError(f"expected a name and {len(columns)} numbers, found {len(cells)}")
            table.rows[name] = [int(cell) for cell in cells]
        except ValueError as error:
            table.failures.append(Failure(f"{path.name}:{number}", str(error)))
    return table
