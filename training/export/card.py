"""The model card for people: what a file's metadata says, as Markdown."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from model.attributes import Attribute
from model.checkpoint import load_checkpoint, save_checkpoint
from model.engine.backend import Backend
from model.images.encode import SourceType, encode_png
from training.evaluation.summary import rows
from training.export.drawings import editing_matrix, random_sheet, sweep_sheet

SUMMARY_COMMAND = "facet evaluate --data … --pairs pairs.txt"
COMMANDS = {
    "edits": "facet evaluate edits --data … --judges --landmarker face_landmarker.task",
    "lfw": "facet evaluate lfw --data … --pairs pairs.txt",
    "cfp": "facet evaluate cfp --data prepared/cfp --root cfp-dataset",
    "affectnet": "facet evaluate affectnet --data …",
    "reconstruction": "facet evaluate reconstruction --data …",
    "disentanglement": "facet evaluate disentanglement --data …",
    "generation": "facet evaluate generation --data … --judges --landmarker face_landmarker.task",
    "groups": "facet evaluate groups --data prepared/utkface",
    "detection": "facet evaluate detection --root lfw-deepfunneled.tar --pairs pairs.txt",
}
"""How each report's figures are measured again; also the order of the reports in the card."""
NOTES = {
    "edits": (
        "The judges, Face Landmarker and dlib, also were teachers of the training labels. They compare the drawn "
        "picture with what they read in the photographs; a picture in which Face Landmarker finds no face is a miss."
    ),
    "lfw": "`~` stands for all other sub-vectors together.",
    "cfp": (
        "Frontal against frontal pictures (FF) and against profiles (FP), with thresholds of the validation people; a "
        "face that was not found counts as a wrong decision. `~` stands for all other sub-vectors together."
    ),
    "disentanglement": (
        "Explained variance on people whom the probes did not see (1 at best, about 0 by chance), and how far the ten "
        "nearest faces are in each label over how far all are (1 where a search ignores it)."
    ),
    "groups": "The groups are as UTKFace's file names label them, on pictures that were kept from training.",
}
"""What a reader of a report must know."""
SHEETS = {
    "random.png": ("Random faces", "facet draw random 36"),
    "swaps.png": ("Swaps between generated faces: targets across, sources down", "facet draw swaps"),
    "pose.png": ("Generated faces turned", "facet draw traverse --attribute pose"),
}
"""Pictures beside the card, all of generated faces, with the commands that draw them."""
CURVES = "roc"
"""Figures that are points of a curve: they stay in the report and out of the card."""


def take_in(path: Path, reports: Path) -> list[str]:
    """Put the reports of `facet evaluate` in a folder into a model file's card; the protocols that were found.

    The model keeps its weights and its id. Raises ValueError if the folder has no report or one of another model.
    """
    checkpoint = load_checkpoint(path)
    found = {name: reports / f"{name}.json" for name in COMMANDS if (reports / f"{name}.json").is_file()}
    if not found:
        raise ValueError(f"{reports} has no reports; `facet evaluate <protocol> --to {reports}` writes them")
    taken = dict(checkpoint.card.get("reports", {}))
    for name, file in found.items():
        report = json.loads(file.read_text())
        if report["model"] not in (None, checkpoint.id):
            raise ValueError(f"{file} measured the model {report['model']}, not {checkpoint.id}")
        taken[name] = {"figures": _without_curves(report["figures"]), "tables": report["tables"]}
    card = {**checkpoint.card, "reports": taken}
    name = checkpoint.id.rpartition("-")[0]
    save_checkpoint(path, name, checkpoint.model, checkpoint.calibration, card, checkpoint.int8_reader)
    return list(found)


def _without_curves(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_curves(value) if isinstance(value, dict) else value
        for name, value in figures.items()
        if name != CURVES
    }


def markdown(model: str, card: Mapping[str, Any], sheets: bool) -> str:
    """The card of a model id; with `sheets` it shows the pictures that lie beside it."""
    return "\n\n".join([f"# {model}", *_story(card), *_figures(card), *(_pictures() if sheets else [])]) + "\n"


def draw_sheets(backend: Backend, folder: Path) -> None:
    """Draw the card's pictures: what the commands beside them draw."""
    faces = backend.sample(9, 0)
    drawn = backend.render(faces)
    sheets = {
        "random.png": random_sheet(backend, 36, 0),
        "swaps.png": editing_matrix(backend, faces[:6], faces[6:], (drawn[:6], drawn[6:])),
        "pose.png": sweep_sheet(backend, backend.sample(4, 0), Attribute.POSE, 7),
    }
    for name in SHEETS:
        (folder / name).write_bytes(encode_png(sheets[name], SourceType.TRAINED))


def _story(card: Mapping[str, Any]) -> Iterator[str]:
    """What only people know."""
    if "summary" in card:
        yield card["summary"]
    for title, key in (("Data", "data"), ("Teachers", "teachers")):
        if key in card:
            entries = [(entry["name"], entry["use"], entry["terms"]) for entry in card[key]]
            yield f"## {title}"
            yield _table(("name", "used for", "terms"), entries)
    titles = {
        "Terms": "licence",
        "Compute": "compute",
        "Measured by": "measured_by",
        "History": "history",
        "Intended use": "intended_use",
        "Unintended use": "unintended_use",
    }
    for title, key in titles.items():
        if key in card:
            yield f"## {title}"
            yield card[key]
    if "weaknesses" in card:
        yield "## Known failures"
        yield _table(("where", "what"), list(card["weaknesses"].items()))


def _figures(card: Mapping[str, Any]) -> Iterator[str]:
    """What was measured, each with its command."""
    reports = card.get("reports", {})
    if "metrics" in card or reports:
        yield "## Measurements"
    if "metrics" in card:
        yield f"### summary\n\n`{SUMMARY_COMMAND}`"
        yield _table(("measure", "figure"), rows(card["metrics"]))
    for name, command in COMMANDS.items():
        if name in reports:
            yield f"### {name}\n\n`{command}`"
            if name in NOTES:
                yield NOTES[name]
            yield from (_table(heading, entries) for heading, *entries in reports[name]["tables"])


def _pictures() -> Iterator[str]:
    yield "## Pictures"
    for name, (title, command) in SHEETS.items():
        yield f"{title} (`{command}`):\n\n![{title}]({name})"


def _table(heading: Sequence[str], entries: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *entries]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
