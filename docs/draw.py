"""Draws the pictures of the documentation with the bundled model, from fixed seeds: `python -m docs.draw`.

Nobody is in them: every face is made of random numbers. `model.txt` beside the pictures says which model drew them.
"""

from pathlib import Path

import numpy as np

import facet
from facet.library import Drawings, Facet
from model.attributes import Attribute, Vector, join, part, similarity, split
from model.edits import Edit, apply
from model.engine.backend import Backend, Pixels
from model.images.encode import SourceType, encode_png
from training.evaluation.faces import reduced

FOLDER = Path(__file__).parent / "pictures"
ANNA, BEN = 43, 42
"""The seeds of the two faces that the pages speak of."""
AMOUNTS = (0.0, 0.25, 0.5, 0.75, 1.0)
DEGREES = (-30.0, -15.0, 0.0, 15.0, 30.0)
CROWD, CROWD_SEED = 400, 7
"""The faces among which the picture of the searches looks."""
FOUND = 5
GAP = 2
"""Pixels of white between two faces of a sheet."""

Rows = list[list[Vector]]


class Artist:
    """The bundled model, and the embeddings that the pages show."""

    def __init__(self, model: Backend) -> None:
        self.model = model
        self.anna, self.ben = model.sample(1, ANNA)[0], model.sample(1, BEN)[0]

    def changed(self, face: Vector, *edits: Edit) -> Vector:
        """A face `(99,)` after some edits."""
        presets = {Attribute.EXPRESSION: self.model.calibration.expression_means}
        return apply(face, edits, [], presets)

    def sheet(self, rows: Rows) -> bytes:
        """Rows of embeddings drawn on one PNG that says that a model drew it."""
        pictures = [self._row(self.model.render(np.stack(row))) for row in rows]
        gap = np.full((GAP, pictures[0].shape[1], 3), 255, np.uint8)
        stacked = [piece for picture in pictures for piece in (picture, gap)][:-1]
        return encode_png(np.concatenate(stacked), SourceType.TRAINED)

    @staticmethod
    def _row(faces: Pixels) -> Pixels:
        gap = np.full((faces.shape[1], GAP, 3), 255, np.uint8)
        return np.concatenate([piece for face in faces for piece in (face, gap)][:-1], axis=1)

    def sheets(self) -> dict[str, Rows]:
        """Every picture by name."""
        drawn = self.model.render(self.anna[None])
        again = self.model.embed(reduced(drawn, self.model.read_size))[0]
        return {
            "generated": [list(self.model.sample(7, CROWD_SEED)), list(self.model.sample(7, CROWD_SEED + 3))],
            "anna": [[self.anna]],
            "ben": [[self.ben]],
            "again": [[self.anna, again]],
            **{f"towards-{attribute}": [self._towards(attribute)] for attribute in Attribute},
            "turned": [self._turned("yaw"), self._turned("pitch"), self._turned("roll")],
            "presets": [self._presets(self.anna), self._presets(self.ben)],
            "mixed": self._mixed(),
            "found": self._found(),
        }

    def _towards(self, attribute: Attribute) -> list[Vector]:
        """Anna, with one attribute going to Ben's."""
        return [self.changed(self.anna, Edit(attribute, source=self.ben, amount=amount)) for amount in AMOUNTS]

    def _turned(self, angle: str) -> list[Vector]:
        return [self.changed(self.anna, Edit(Attribute.POSE, set={angle: degrees})) for degrees in DEGREES]

    def _presets(self, face: Vector) -> list[Vector]:
        names = self.model.calibration.expression_means
        return [self.changed(face, Edit(Attribute.EXPRESSION, preset=name)) for name in names]

    def _mixed(self) -> Rows:
        """In row i and column j the identity of person i and the rest of picture j; the diagonal is as drawn."""
        faces = self.model.sample(5, CROWD_SEED + 1)
        return [
            [join({**split(face), Attribute.IDENTITY: part(person, Attribute.IDENTITY)}) for face in faces]
            for person in faces
        ]

    def _found(self) -> Rows:
        """For each attribute the query and the faces of a crowd that are most like it, best first."""
        crowd = self.model.sample(CROWD, CROWD_SEED + 2)
        return [[self.anna, *_most_like(self.anna, crowd, attribute)] for attribute in Attribute]


class Sets:
    """The sets of the pages by task, as the commands there draw them."""

    def __init__(self, model: Facet) -> None:
        self._model = model

    def sheets(self) -> dict[str, bytes]:
        """Every picture by name."""
        stimuli, sample = self._model.stimuli, self._model.sample
        people = ["neutral", "happiness", "surprise"]
        factorial = stimuli.factorial(4, people, [-20, 20], seed=21, shared=["style"])
        anna, ben = sample(1, ANNA)[0], sample(1, BEN)[0]
        crowd = np.concatenate([sample(1, seed) for seed in range(100, 120)])
        ratings = [5.0 if row["expression"] == "happiness" else 2.0 for row in factorial.table]
        groups = [row["person"] for row in factorial.table]
        found = stimuli.direction(factorial.drawings, ratings, attribute="expression", groups=groups)
        return {
            "factorial": factorial.sheet(),
            "continuum": stimuli.continuum(anna, ben, 9, attributes=["identity"]).sheet(),
            "caricature": stimuli.caricature(anna, crowd, [0, 0.4, 0.7, 1, 1.3, 1.6]).sheet(),
            "direction": stimuli.along(ben, found).sheet(),
            "people": self._model.generate(8, seed=100, like=sample(1, 1)[0], keep=["identity"]).sheet(8),
            "archive": self._archive(),
        }

    def _archive(self) -> bytes:
        """What an archive finds of its third person: by identity, by expression, by both, by another's expression."""
        drawn = self._model.stimuli.factorial(12, ["neutral", "happiness"], [-15, 15], seed=4).drawings
        faces = self._model.embed([face.pixels for face in drawn], align="none", progress=False)
        asked, lent = faces[8], faces[35]
        rows = Drawings()
        for wanted, shown in (
            ({Attribute.IDENTITY: asked}, None),
            ({Attribute.EXPRESSION: faces[10]}, None),
            ({Attribute.IDENTITY: asked, Attribute.EXPRESSION: asked}, None),
            ({Attribute.IDENTITY: asked, Attribute.EXPRESSION: lent}, drawn[35]),
        ):
            alike = sum(similarity(name, part(faces, name), part(face, name)) for name, face in wanted.items())
            row = [drawn[10 if len(wanted) == 1 and Attribute.EXPRESSION in wanted else 8]]
            row += [drawn[place] for place in np.argsort(-np.asarray(alike), kind="stable")[:FOUND]]
            rows += row if shown is None else [*row[:-1], shown]
        return rows.sheet(FOUND + 1)


def _most_like(query: Vector, crowd: Vector, attribute: Attribute) -> list[Vector]:
    alike = similarity(attribute, part(crowd, attribute), part(query, attribute))
    return list(crowd[np.argsort(-alike)[:FOUND]])


def main() -> None:
    """Draw all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    with facet.load("", device="cpu") as model:
        artist = Artist(model.backend)
        pictures = {name: artist.sheet(rows) for name, rows in artist.sheets().items()} | Sets(model).sheets()
        for name, picture in pictures.items():
            FOLDER.joinpath(f"{name}.png").write_bytes(picture)
        FOLDER.joinpath("model.txt").write_text(f"{model.id}\n")


if __name__ == "__main__":
    main()
