"""Swaps judged on the drawn picture by networks that are not ours.

An encoder and a decoder that were trained together can satisfy each other with signals that nobody sees; these
networks see the picture alone. A drawn face in which Face Landmarker finds no face is a miss for every judgement.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model.attributes import Attribute, Vector, distance
from model.engine.backend import Backend, Pixels
from training.evaluation.edits import REACHED_POSE, EditLaw, Pairs, random_swaps, swapped
from training.evaluation.faces import Faces, render_all
from training.evaluation.outside.label_networks import Readings, on_photographs
from training.evaluation.outside.swaps_by_faceres import OutsideView, rows
from training.evaluation.plots import bars
from training.evaluation.report import Report, percent

KEPT = (Attribute.POSE, Attribute.EXPRESSION, Attribute.STYLE)
"""The swaps after which the person must still be the target."""


class Reader(Protocol):
    """What reads and finds faces in crops; `training.evaluation.outside.label_networks.Judges` does."""

    def read(self, pictures: Pixels) -> Readings:
        """What there is to see in crops `(n, size, size, 3)`."""

    def find(self, pictures: Pixels) -> NDArray[np.bool_]:
        """In which of them there is a face, `(n,)`."""


@dataclass(frozen=True)
class Verdict:
    """Shares of pairs."""

    found: float
    """Face Landmarker finds a face in the picture."""
    pose: float
    """After a swap of pose it is within 8 degrees of the source's."""
    identity: float
    """After a swap of identity the face is nearer to the source than to the target, in dlib's features."""
    expression: float
    """After a swap of expression the blendshapes are nearer to the source's."""
    identity_kept: dict[str, float]
    """After a swap of another attribute the face is still nearer to the target, in dlib's features."""


@dataclass(frozen=True)
class Judgement:
    """Verdicts on swaps, and on two pictures that nobody edited: what the judges themselves allow."""

    pairs: int
    swaps: Verdict
    reconstructions: Verdict
    """As if the drawn face were the source's (or, where the person is to be kept, the target's) reconstruction."""
    photographs: Verdict
    """The same of the photograph itself at the model's size."""
    random_faces: float
    """Share of drawn random faces in which Face Landmarker finds a face."""


def judge_edits(
    backend: Backend, faces: Faces, judges: Reader, pairs: int = 200, random_faces: int = 200, seed: int = 0
) -> Judgement:
    """Swap each attribute between random pairs of people, draw, and let the judges compare with the photographs.

    Distances between features and between blendshapes are Euclidean. Raises ValueError if the judges did not label
    the faces of two people when these were prepared.
    """
    truth = on_photographs(faces)
    if not truth.found.any():
        raise ValueError("the judges' labels are missing; prepare the data with --landmarker and --teacher")
    chosen = random_swaps(faces, pairs, seed, truth.found)
    drawn = {attribute: judges.read(render_all(backend, swapped(faces, chosen, attribute))) for attribute in Attribute}
    rows, places = np.unique(np.concatenate([chosen.sources, chosen.targets]), return_inverse=True)

    def unedited(pictures: Pixels) -> Verdict:
        seen = judges.read(pictures)
        of_sources, of_targets = (seen.of(half) for half in np.split(places, 2))
        return _verdict(dict.fromkeys(Attribute, of_sources), dict.fromkeys(KEPT, of_targets), truth, chosen)

    return Judgement(
        pairs=len(chosen),
        swaps=_verdict(drawn, drawn, truth, chosen),
        reconstructions=unedited(render_all(backend, faces.embeddings[rows])),
        photographs=unedited(faces.pixels[rows]),
        random_faces=float(judges.find(render_all(backend, backend.sample(random_faces, seed))).mean()),
    )


def _verdict(
    reached: Mapping[Attribute, Readings], kept: Mapping[Attribute, Readings], truth: Readings, pairs: Pairs
) -> Verdict:
    source, target = truth.of(pairs.sources), truth.of(pairs.targets)
    turned = distance(Attribute.POSE, reached[Attribute.POSE].pose, source.pose) <= REACHED_POSE
    same = _nearer(reached[Attribute.IDENTITY].identity, source.identity, target.identity)
    alike = _nearer(reached[Attribute.EXPRESSION].blendshapes, source.blendshapes, target.blendshapes)
    return Verdict(
        found=float(np.mean([readings.found.mean() for readings in reached.values()])),
        pose=float(turned.mean()),
        identity=float(same.mean()),
        expression=float(alike.mean()),
        identity_kept={
            str(attribute): float(_nearer(kept[attribute].identity, target.identity, source.identity).mean())
            for attribute in KEPT
        },
    )


def _nearer(seen: Vector, this: Vector, that: Vector) -> NDArray[np.bool_]:
    """Whether each row is nearer to this than to that; a row of NaN is nearer to neither."""
    return np.asarray(np.linalg.norm(seen - this, axis=1) < np.linalg.norm(seen - that, axis=1))


def report(
    model: str, laws: Mapping[str, EditLaw], judgement: Judgement | None, outside: OutsideView | None = None
) -> Report:
    """Our own encoder's reading and, where they were asked, the judges' and the outside network's."""
    figures: dict[str, Any] = {"own": {name: asdict(law) for name, law in laws.items()}}
    own = [["swap, re-read by the model's own encoder", "arrived", *(f"{name} kept" for name in Attribute)]]
    for name, law in laws.items():
        kept = (f"{law.kept[other]:.3f}" if other in law.kept else "-" for other in Attribute)
        own.append([name, percent(law.arrived), *kept])
    tables = [own]
    arrived = {"own encoder": {name: law.arrived for name, law in laws.items()}}
    if judgement is not None:
        figures["judges"] = asdict(judgement)
        columns = {
            "swaps": judgement.swaps,
            "reconstructions": judgement.reconstructions,
            "photographs": judgement.photographs,
        }
        shares = {title: _shares(verdict) for title, verdict in columns.items()}
        arrived |= {f"judges on {title}": shares[title] for title in columns}
        judged = [["judged by other networks", *columns]]
        judged += [[name, *(percent(share[name]) for share in shares.values())] for name in _shares(judgement.swaps)]
        judged.append(["face found", *(percent(verdict.found) for verdict in columns.values())])
        tables += [judged, [["face found in random faces", percent(judgement.random_faces)]]]
    if outside is not None:
        figures["outside"] = asdict(outside)
        tables.append(rows(outside))
    return Report("edits", model, figures, tables, bars(arrived, "share of pairs", top=1.0))


def _shares(verdict: Verdict) -> dict[str, float]:
    kept = {f"identity kept, {name} swapped": share for name, share in verdict.identity_kept.items()}
    return {"pose": verdict.pose, "identity": verdict.identity, "expression": verdict.expression} | kept
