"""AffectNet in both layouts: `training.csv` and `validation.csv`, or `train_set` and `val_set` of NumPy files."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model.faces.detector import Box
from training.data.sources.layout import Layout, number, read_rows
from training.data.sources.pictures import JPEG, Failure, Picture, Split, split_of

LABELS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""The owners' codes 0 to 7; 8 (none) and 9 (uncertain) are faces without a label, 10 is no face."""
NO_FACE = 10
UNKNOWN = -2.0
"""Valence and arousal of pictures that were not rated."""
COLUMNS = ["subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "expression", "valence", "arousal"]


def read_affectnet(root: Path) -> Iterator[Picture | Failure]:
    """The pictures of either layout.

    The owners' validation part, on which results are published, is the test split; of their training pictures, which
    have no names, some are for validation by hash. Raises ValueError for a folder with neither layout.
    """
    layout = Layout("AffectNet", root)
    if layout.optional("train_set", "val_set"):
        yield from _read_arrays(layout, root)
    else:
        yield from _read_tables(layout)


def _read_tables(layout: Layout) -> Iterator[Picture | Failure]:
    folder = layout.find("Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images", ".")
    lists = ("", "Manually_Annotated_file_lists/", "Manually_Annotated/Manually_Annotated_file_lists/")
    tables = {part: layout.find(*(f"{place}{part}.csv" for place in lists)) for part in ("training", "validation")}
    layout.check()
    for part, table in tables.items():
        for row in read_rows(table, COLUMNS, _labels):
            if isinstance(row, Failure):
                yield row
                continue
            where, (name, box, code, affect) = row
            if code == NO_FACE:
                yield Failure(name, f"{where}: labelled as no face")
            elif not (folder / name).is_file():
                yield Failure(name, f"{where}: there is no {folder / name}")
            else:
                yield _picture(name.rpartition(".")[0], folder / name, part == "validation", code, affect, box)


def _labels(row: dict[str, str]) -> tuple[str, Box, int, tuple[float, float] | None]:
    box = (number(row, "face_x"), number(row, "face_y"), number(row, "face_width", 1), number(row, "face_height", 1))
    return row["subDirectory_filePath"], box, _code(number(row, "expression")), _affect(row)


def _read_arrays(layout: Layout, root: Path) -> Iterator[Picture | Failure]:
    for part in ("train_set", "val_set"):
        layout.find(f"{part}/images")
        layout.find(f"{part}/annotations")
    layout.check()
    for part in ("train_set", "val_set"):
        images, labels = root / part / "images", root / part / "annotations"
        there = {path.stem: path for path in sorted(images.iterdir()) if path.suffix.lower() in JPEG}
        named = {path.name.removesuffix("_exp.npy") for path in labels.glob("*_exp.npy")}
        for name in sorted(there.keys() | named):
            key = f"{part}/{name}"
            if name not in there:
                yield Failure(key, f"{labels / name}_exp.npy has no picture {images / name}.jpg")
                continue
            try:
                row = {label: _scalar(labels / f"{name}_{label}.npy") for label in ("exp", "val", "aro")}
                code, affect = _code(number(row, "exp")), _affect({"valence": row["val"], "arousal": row["aro"]})
                box = _landmark_box(labels / f"{name}_lnd.npy")
            except (ValueError, OSError) as error:
                yield Failure(key, str(error))
                continue
            if code == NO_FACE:
                yield Failure(key, "labelled as no face")
            else:
                yield _picture(key, there[name], part == "val_set", code, affect, box)


def _array(path: Path) -> np.ndarray:
    """The numbers of a file. Raises ValueError naming it."""
    try:
        return np.asarray(np.load(path, allow_pickle=False).ravel().astype(np.float64))
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: expected a NumPy file of numbers: {error}") from error


def _scalar(path: Path) -> str:
    values = _array(path)
    if len(values) != 1:
        raise ValueError(f"{path}: expected one number, found {len(values)}")
    return str(values[0])


def _landmark_box(path: Path) -> Box:
    """The rectangle around 68 landmarks x, y."""
    values = _array(path)
    if len(values) != 2 * 68 or not np.isfinite(values).all():
        raise ValueError(f"{path}: expected 68 points, found {len(values)} numbers")
    (left, top), (right, bottom) = values.reshape(-1, 2).min(axis=0), values.reshape(-1, 2).max(axis=0)
    return float(left), float(top), float(right - left), float(bottom - top)


def _code(value: float) -> int:
    if value not in range(NO_FACE + 1):
        raise ValueError(f"expected a whole number from 0 to {NO_FACE} as expression, found {value:g}")
    return int(value)


def _affect(row: dict[str, str]) -> tuple[float, float] | None:
    valence, arousal = (number(row, name, UNKNOWN, 1) for name in ("valence", "arousal"))
    if UNKNOWN in (valence, arousal):
        return None
    return number(row, "valence", -1, 1), number(row, "arousal", -1, 1)


def _picture(
    key: str, path: Path, held_out: bool, code: int, affect: tuple[float, float] | None, box: Box | None
) -> Picture:
    split: Split = "test" if held_out else split_of(key)
    expression = LABELS[code] if code < len(LABELS) else None
    return Picture(key, path, expression=expression, split=split, valence_arousal=affect, box=box)
