"""Protocols of what is read in photographs: who it is, what the face does, what a sub-vector tells."""

import json
from pathlib import Path
from typing import Annotated

import typer

from facet.cli.common.mistakes import told
from facet.cli.models.evaluate.options import EVALUATION, Data, Fold, Model, Pairs, To, app, deliver, faces_of
from facet.progress import progress


@app.command()
def summary(
    data: Data,
    pairs: Annotated[
        Path | None, typer.Option(exists=True, help="LFW's pairs.txt; without it pairs are drawn from the test people.")
    ] = None,
    model: Model = "",
    fold: Fold = 9,
    yardstick: Annotated[bool, typer.Option(help="Fit PCA-99 on the training crops and measure it too.")] = True,
    output: Annotated[Path | None, typer.Option(help="Write the figures there as JSON.")] = None,
) -> None:
    """Reconstruction, verification, pose, expression and edits on the test split.

    Example: facet evaluate --data prepared/lfw --pairs pairs.txt
    """
    from model.engine.backend import load_backend
    from training.data.sources.lfw import read_fold
    from training.evaluation.faces import still_crops
    from training.evaluation.splits import load_splits
    from training.evaluation.summary import evaluate as measure
    from training.evaluation.summary import rows

    backend = load_backend(model)
    with told():
        splits, asked = load_splits(data, backend.image_size), read_fold(pairs, fold) if pairs else None
        training = still_crops(splits.train, backend.image_size)[0] if yardstick else None
        result = measure(backend, splits.test, splits.val, asked, training)
    for name, figure in rows(result):
        typer.echo(f"{name:48}{figure}")
    if output:
        output.write_text(json.dumps(result, indent=2) + "\n")


@app.command()
def lfw(data: Data, pairs: Pairs, model: Model = "", fold: Fold = 9, to: To = EVALUATION) -> None:
    """Verification on all of View 2's folds, by each sub-vector and by the others together (~).

    Example: facet evaluate lfw --data prepared/lfw --pairs pairs.txt
    """
    from model.engine.backend import load_backend
    from training.data.sources.lfw import read_fold, read_pairs
    from training.evaluation.faces import see
    from training.evaluation.splits import load_keys
    from training.evaluation.verification.folds import report, verify

    backend = load_backend(model)
    with told():
        read_fold(pairs, fold)
        folds = read_pairs(pairs)
        keys = {key for some in folds for pair in some for key in (pair.first, pair.second)}
        faces = see(backend, load_keys(data, keys, backend.image_size))
        result = verify(faces, folds, fold - 1)
    deliver(report(backend.id, result, fold - 1), to)


@app.command()
def cfp(
    data: Data,
    root: Annotated[Path, typer.Option(exists=True, help="CFP itself, with its folder Protocol.")],
    model: Model = "",
    fold: Fold = 8,
    to: To = EVALUATION,
) -> None:
    """Verification on a fold of CFP, frontal-frontal and frontal-profile; a face that was not found counts as wrong.

    Pairs with a picture that this copy of CFP does not have are left out, and counted. Thresholds come from pairs of
    the validation people.
    Example: facet evaluate cfp --data prepared/cfp --root cfp-dataset
    """
    from model.engine.backend import load_backend
    from training.data.sources.cfp import PROTOCOLS, of_copy, read_cfp_pairs
    from training.evaluation.verification.cfp import report, validation_pairs, verify_strangers

    backend = load_backend(model)
    with told():
        listed = {protocol: read_cfp_pairs(root, protocol, fold) for protocol in PROTOCOLS}
        pairs = {protocol: of_copy(root, some) for protocol, some in listed.items()}
        known, faces = (faces_of(backend, data, split) for split in ("val", "test"))
        results = {
            protocol: verify_strangers(known, validation_pairs(known.labels.keys, protocol), faces, pairs[protocol])
            for protocol in PROTOCOLS
        }
    asked = {protocol: (len(pairs[protocol]), len(listed[protocol])) for protocol in PROTOCOLS}
    deliver(report(backend.id, results, fold, asked), to)


@app.command()
def affectnet(
    data: Data,
    model: Model = "",
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    to: To = EVALUATION,
) -> None:
    """Expressions classed by the model's classifier: accuracy, AUC, confusion matrix.

    Any prepared folder with expression labels will do. Example: facet evaluate affectnet --data prepared/affectnet
    """
    from model.engine.backend import load_backend
    from training.evaluation.expression import classify, report

    backend = load_backend(model)
    with told():
        result = classify(faces_of(backend, data, split), backend.calibration)
    deliver(report(backend.id, result), to)


@app.command()
def disentanglement(data: Data, model: Model = "", to: To = EVALUATION) -> None:
    """What each sub-vector tells about each attribute, and the consistency of edits.

    Example: facet evaluate disentanglement --data prepared/lfw
    """
    from model.engine.backend import load_backend
    from training.evaluation.disentanglement import measure, report
    from training.evaluation.edits import edit_laws

    backend = load_backend(model)
    with told():
        faces = faces_of(backend, data, "test")
        measured = measure(faces)
    deliver(report(backend.id, measured, edit_laws(backend, faces)), to)


@app.command()
def groups(
    data: Data,
    model: Model = "",
    split: Annotated[str, typer.Option(help="train, val or test.")] = "val",
    to: To = EVALUATION,
) -> None:
    """Errors by age band, gender and race, as UTKFace's file names label them.

    Example: facet evaluate groups --data prepared/utkface
    """
    from model.engine.backend import load_backend
    from training.evaluation.groups import group_errors, report

    backend = load_backend(model)
    with told():
        errors = group_errors(backend, faces_of(backend, data, split))
    deliver(report(backend.id, errors), to)


@app.command()
def detection(
    root: Annotated[Path, typer.Option(exists=True, help="LFW itself, a folder or a tar of it.")],
    pairs: Pairs,
    fold: Fold = 9,
    detector: Annotated[Path | None, typer.Option(exists=True, help="A detector's file; else the bundled one.")] = None,
    to: To = EVALUATION,
) -> None:
    """How often the detector finds the person, in the photographs of a fold's people.

    Example: facet evaluate detection --root lfw-deepfunneled.tar --pairs pairs.txt
    """
    from model.faces.detector import load_detector
    from training.data.sources.lfw import read_lfw
    from training.data.sources.pictures import Picture
    from training.evaluation.detection.default_detector import detection_rate, report

    finder = load_detector(detector)
    with told(), progress() as bar:
        found = [item for item in read_lfw(root, pairs, fold) if isinstance(item, Picture) and item.split == "test"]
        task = bar.add_task("Detecting", total=len(found), note="")
        rate = detection_rate(found, finder, lambda: bar.advance(task))
    deliver(report(rate), to)


@app.command()
def quality(
    lfw_root: Annotated[
        Path | None, typer.Option("--lfw", exists=True, help="LFW itself, a folder or a tar of it.")
    ] = None,
    pairs: Annotated[Path | None, typer.Option(exists=True, help="LFW's pairs.txt, whose fold is kept out.")] = None,
    fold: Fold = 9,
    cfp_root: Annotated[Path | None, typer.Option("--cfp", exists=True, help="CFP itself.")] = None,
    split: Annotated[str, typer.Option(help="train, val or test: whose photographs.")] = "val",
    people: Annotated[int, typer.Option(min=2, help="Of each data set at most so many.")] = 300,
    detector: Annotated[Path | None, typer.Option(exists=True, help="A detector's file; else the bundled one.")] = None,
    model: Model = "",
    to: To = EVALUATION,
) -> None:
    """Wrong decisions about who somebody is by the least quality of a face, in photographs as they are and spoiled.

    Example: facet evaluate quality --lfw lfw-deepfunneled.tar --pairs pairs.txt --detector yunet.onnx
    """
    from model.engine.backend import load_backend
    from model.faces.detector import load_detector
    from training.data.sources.cfp import read_cfp
    from training.data.sources.lfw import read_lfw
    from training.data.sources.pictures import Picture
    from training.evaluation.verification.quality import decide, find, report, several_each

    backend, finder = load_backend(model), load_detector(detector)
    with told(), progress() as bar:
        sources = [read_lfw(lfw_root, pairs, fold)] if lfw_root else []
        sources += [read_cfp(cfp_root)] if cfp_root else []
        pictures = [
            picture
            for source in sources
            for picture in several_each(
                [item for item in source if isinstance(item, Picture) and item.split == split], people
            )
        ]
        task = bar.add_task("Detecting", total=len(pictures), note="")
        probes = find(pictures, finder, backend, show=lambda: bar.advance(task))
        threshold = backend.calibration.threshold
        plain, full = (decide(probes, scores, threshold) for scores in (probes.plain, probes.full))
    deliver(report(backend.id, finder.name, probes, plain, full), to)
