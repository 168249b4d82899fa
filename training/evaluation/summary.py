"""All measurements of a model on one test split."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from model.attributes import Attribute
from model.engine.backend import Backend, Pixels
from training.data.crops import CropSet
from training.data.sources.lfw import Pair
from training.evaluation.edits import edit_laws
from training.evaluation.expression import balanced_accuracy
from training.evaluation.faces import see
from training.evaluation.pose import pose_errors
from training.evaluation.reconstruction import fidelity, pca_reconstruct, reconstruct
from training.evaluation.verification.lfw import accuracy, best_threshold, random_pairs, score_pairs
from training.targets.expression import EXPRESSIONS

CONTRAST = ("neutral", "happiness")
"""The two expressions that LFW has enough of to measure by."""


def evaluate(
    backend: Backend, test: CropSet, validation: CropSet, pairs: Sequence[Pair] | None, training: Pixels | None
) -> dict[str, Any]:
    """Measure on a test split; thresholds come from validation people.

    `pairs`: of the verification protocol; None draws as many matched as mismatched ones from the split's people.
    `training` `(n, size, size, 3)`: the crops on which the linear yardstick is fitted; None leaves it out.
    """
    faces, others = see(backend, test), see(backend, validation)
    scores, missing = (random_pairs(faces), 0) if pairs is None else score_pairs(faces, pairs)
    known = random_pairs(others)
    rest_threshold = best_threshold(known.without(Attribute.IDENTITY), known.same)
    result: dict[str, Any] = {
        "faces": len(test),
        "reconstruction": asdict(fidelity(reconstruct(backend, faces), faces.pixels)),
        "verification": {
            "pairs": len(scores.same),
            "pairs_missing": missing,
            "identity": accuracy(scores.by(Attribute.IDENTITY), scores.same, backend.calibration.threshold),
            "rest": accuracy(scores.without(Attribute.IDENTITY), scores.same, rest_threshold),
        },
        "pose_degrees": pose_errors(faces),
        "edits": {name: asdict(law) for name, law in edit_laws(backend, faces).items()},
    }
    seen = set(test.expression.tolist())
    if all(
        label in backend.calibration.expression_classifier and EXPRESSIONS.index(label) in seen for label in CONTRAST
    ):
        result["happiness_against_neutral"] = balanced_accuracy(faces, backend.calibration, CONTRAST)
    if training is not None:
        result["reconstruction_pca"] = asdict(fidelity(pca_reconstruct(training, faces.pixels), faces.pixels))
    return result


def rows(result: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """The result as a table of names and figures."""
    table = []
    for name, value in result.items():
        if isinstance(value, dict):
            table += rows(value, f"{prefix}{name}.")
        else:
            table.append((prefix + name, f"{value:.4f}" if isinstance(value, float) else str(value)))
    return table
