"""Verification on one fold of CFP, decided by thresholds of people whom the model was not trained on either."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, product

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from model.attributes import Attribute
from training.data.sources.cfp import Protocol
from training.data.sources.lfw import Pair
from training.evaluation.faces import Faces
from training.evaluation.plots import curves
from training.evaluation.report import Report, percent
from training.evaluation.verification.lfw import PairScores, Scores, accuracy, best_threshold, score_pairs


@dataclass(frozen=True)
class Strangers:
    """How one score decides the pairs of a fold."""

    accuracy: float
    """Pairs of which a face was not found count as decided wrongly."""
    auc: float
    """Area under the ROC curve of the pairs whose faces were found."""
    roc: tuple[list[float], list[float]]
    """Their false and true positive rates."""


def validation_pairs(keys: Sequence[str], protocol: Protocol, seed: int = 0) -> list[Pair]:
    """All matched pairs of a protocol's kind among some pictures, and as many random mismatched ones.

    Keys are those of `training.data.sources.cfp`. Raises ValueError if they do not show two people in both ways.
    """
    second = "frontal" if protocol == "FF" else "profile"
    views: dict[str, dict[str, list[str]]] = {}
    for key in sorted(keys):
        person, view, _ = key.split("/")
        views.setdefault(person, {"frontal": [], "profile": []})[view].append(key)
    matched = [
        Pair(a, b, True)
        for mine in views.values()
        for a, b in (combinations(mine["frontal"], 2) if protocol == "FF" else product(*mine.values()))
    ]
    people = [person for person, mine in views.items() if mine["frontal"] and mine[second]]
    if len(people) < 2 or not matched:
        raise ValueError(f"thresholds for {protocol} need two people of the validation split, each seen in both ways")
    generator = np.random.default_rng(seed)
    mismatched: list[Pair] = []
    while len(mismatched) < len(matched):
        one, other = generator.choice(people, 2, replace=False)
        a, b = generator.choice(views[one]["frontal"]), generator.choice(views[other][second])
        mismatched.append(Pair(str(a), str(b), False))
    return matched + mismatched


def verify_strangers(
    known: Faces, known_pairs: Sequence[Pair], faces: Faces, pairs: Sequence[Pair]
) -> dict[str, Strangers]:
    """Each sub-vector and its complement (`~identity`) as the score, with the threshold that is best on known pairs."""
    others, _ = score_pairs(known, known_pairs)
    scored, missing = score_pairs(faces, pairs)
    kinds: dict[str, Callable[[PairScores, Attribute], Scores]] = {"": PairScores.by, "~": PairScores.without}
    result = {}
    for attribute, (sign, score) in product(Attribute, kinds.items()):
        threshold = best_threshold(score(others, attribute), others.same)
        mine = score(scored, attribute)
        false, true, _ = roc_curve(scored.same, mine)
        right = accuracy(mine, scored.same, threshold) * len(mine) / (len(mine) + missing)
        result[f"{sign}{attribute}"] = Strangers(
            float(right), float(roc_auc_score(scored.same, mine)), (false.tolist(), true.tolist())
        )
    return result


def report(
    model: str,
    results: Mapping[Protocol, Mapping[str, Strangers]],
    fold: int,
    asked: Mapping[Protocol, tuple[int, int]],
) -> Report:
    """Both protocols side by side, by each sub-vector and by the others together (~).

    `asked`: how many pairs were decided, and of how many; the others' pictures are not in the copy that was measured.
    """
    names = list(next(iter(results.values())))
    heading = ["sub-vector", *(f"{protocol} {what}" for protocol in results for what in ("fold", "AUC"))]
    table = [heading]
    for name in names:
        cells = [(percent(result[name].accuracy), f"{result[name].auc:.4f}") for result in results.values()]
        table.append([name, *(cell for pair in cells for cell in pair)])
    table.append(["pairs", *(cell for count, whole in asked.values() for cell in (f"{count} of {whole}", ""))])
    figures = {"fold": fold, "pairs": {protocol: list(counts) for protocol, counts in asked.items()}} | {
        protocol: {name: asdict(one) for name, one in result.items()} for protocol, result in results.items()
    }
    lines = {
        f"{protocol}: AUC {result['identity'].auc:.3f}": result["identity"].roc for protocol, result in results.items()
    }
    return Report("cfp", model, figures, [table], curves(lines, "false positive rate", "true positive rate"))
