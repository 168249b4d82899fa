"""A labelled folder of faces that the bundled model draws, with faults planted in it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.attributes import Attribute, Vector, part
from model.embedding import blend
from model.engine.backend import Backend, Pixels
from tests.faces import jpeg, png

PEOPLE = 16
EACH = 15
SHARE = 0.05
"""Of the pictures whose name is wrong, and again of those whose expression is."""


EXPRESSIONS = ("happiness", "neutral", "surprise")


@dataclass(frozen=True)
class Planted:
    """The folder, its table, and what is wrong in it, by path."""

    folder: Path
    table: Path
    people: dict[str, str]
    """The right name of each picture that has a wrong one."""
    expressions: dict[str, str]
    copies: set[tuple[str, str]]
    non_faces: set[str]


def faces_of(backend: Backend, rng: np.random.Generator) -> tuple[Vector, list[str], list[str]]:
    """Embeddings of people in changing pose, style and expression, their names, and their expressions."""
    count = PEOPLE * EACH
    embeddings = backend.sample(count, 1)
    people = backend.sample(PEOPLE, 2)
    means = {name: backend.calibration.expression_means[name] for name in EXPRESSIONS}
    names = [f"person {number:02}" for number in np.arange(count) // EACH]
    expressions = [str(name) for name in rng.choice(sorted(means), count)]
    part(embeddings, Attribute.IDENTITY)[...] = part(people, Attribute.IDENTITY)[np.arange(count) // EACH]
    expression = part(embeddings, Attribute.EXPRESSION)
    asked = np.stack([means[name] for name in expressions])
    expression[...] = blend(Attribute.EXPRESSION, asked, expression, 0.2)
    return embeddings, names, expressions


def non_faces(size: int, rng: np.random.Generator) -> list[Pixels]:
    """Noise, stripes, a chessboard, spots and a slope."""
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    plain = [
        rng.uniform(0, 255, (size, size)),
        127 + 120 * np.sin(x / 3),
        255.0 * ((x // 8 + y // 8) % 2),
        127 + 120 * np.sin(x / 5) * np.sin(y / 5),
        255.0 * (x + y) / (2 * size),
    ]
    return [np.repeat(np.asarray(picture, np.uint8)[..., None], 3, axis=2) for picture in plain]


def plant(backend: Backend, folder: Path, seed: int = 0) -> Planted:
    """Draw the faces, exchange names and expressions, and add copies and pictures of no face."""
    rng = np.random.default_rng(seed)
    embeddings, names, expressions = faces_of(backend, rng)
    pictures = np.concatenate([backend.render(embeddings), np.stack(non_faces(backend.image_size, rng))])
    extra = [str(name) for name in rng.choice(names, len(pictures) - len(names))]
    wrong_people = _exchange(names, rng)
    wrong_expressions = _exchange(expressions, rng)
    rows, copies, right_people, right_expressions = [], set(), {}, {}
    for row, picture in enumerate(pictures):
        drawn = row < len(names)
        name = wrong_people.get(row, names[row]) if drawn else extra[row - len(names)]
        path = f"{name}/{row:03}.png"
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(png(picture))
        rows.append(f"{path},{name},{wrong_expressions.get(row, expressions[row]) if drawn else ''}")
        if row in wrong_people:
            right_people[path] = names[row]
        if row in wrong_expressions:
            right_expressions[path] = expressions[row]
        if row % 60 == 0 and drawn:
            copy = f"{name}/{row:03}-copy.jpg"
            (folder / copy).write_bytes(jpeg(picture, 90))
            rows.append(f"{copy},{name},")
            copies.add((path, copy))
    table = folder / "labels.csv"
    table.write_text("\n".join(["path,identity,expression", *rows]) + "\n")
    strange = {row.partition(",")[0] for row in rows if int(row.partition("/")[2][:3]) >= len(names)}
    return Planted(folder, table, right_people, right_expressions, copies, strange)


def _exchange(labels: list[str], rng: np.random.Generator) -> dict[int, str]:
    """A wrong label for some rows."""
    known = sorted(set(labels))
    rows = rng.choice(len(labels), round(SHARE * len(labels)), replace=False)
    return {int(row): str(rng.choice([name for name in known if name != labels[row]])) for row in rows}
