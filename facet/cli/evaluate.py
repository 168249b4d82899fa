"""`facet evaluate`: a model measured on people that it was not trained on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from facet.cli.mistakes import told
from facet.progress import progress

if TYPE_CHECKING:
    from training.evaluation.judges import Judges
    from training.evaluation.outside_network import OutsideNetwork
    from training.evaluation.report import Report


class SummaryByDefault(TyperGroup):
    """Protocols by name; without a name, the summary."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names:
            args = ["summary", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SummaryByDefault,
    help="Measure a model: `facet evaluate --data …` for the summary, or one protocol in depth.",
    no_args_is_help=True,
)

Data = Annotated[list[Path], typer.Option(help="A prepared folder; may be repeated.")]
Model = Annotated[str, typer.Option(help="A model file; the bundled one by default.")]
To = Annotated[Path, typer.Option(help="The folder for the figures (JSON) and the plot (PNG).")]
EVALUATION = Path("evaluation")
Pairs = Annotated[Path, typer.Option(exists=True, help="LFW's pairs.txt.")]
Fold = Annotated[int, typer.Option(min=1, help="The fold whose people were held out.")]
Judged = Annotated[bool, typer.Option("--judges", help="Let other networks judge the pictures (extra `label`).")]
Landmarker = Annotated[Path | None, typer.Option(help="Face Landmarker's file, for --judges.")]
Outside = Annotated[
    Path | None,
    typer.Option(help="faceres.json of npm's @vladmandic/human: a network that no training used looks too."),
]
Size = Annotated[int | None, typer.Option(min=16, help="Pixels to compare at; the drawing size by default.")]


@app.command()
def summary(
    data: Data,
    pairs: Pairs,
    model: Model = "",
    fold: Fold = 9,
    yardstick: Annotated[bool, typer.Option(help="Fit PCA-99 on the training crops and measure it too.")] = True,
    output: Annotated[Path | None, typer.Option(help="Write the figures there as JSON.")] = None,
) -> None:
    """Reconstruction, verification, pose, expression and edits on the test split.

    Example: facet evaluate --data prepared/lfw --pairs pairs.txt
    """
    from model.backend import load_backend
    from training.data.lfw import read_fold
    from training.evaluation.faces import still_crops
    from training.evaluation.splits import load_splits
    from training.evaluation.summary import evaluate as measure
    from training.evaluation.summary import rows

    backend = load_backend(model)
    with told():
        splits, asked = load_splits(data, backend.image_size), read_fold(pairs, fold)
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
    from model.backend import load_backend
    from training.data.lfw import read_fold, read_pairs
    from training.evaluation.faces import see
    from training.evaluation.splits import load_keys
    from training.evaluation.verification import report, verify

    backend = load_backend(model)
    with told():
        read_fold(pairs, fold)
        folds = read_pairs(pairs)
        keys = {key for some in folds for pair in some for key in (pair.first, pair.second)}
        faces = see(backend, load_keys(data, keys, backend.image_size))
        result = verify(faces, folds, fold - 1)
    _deliver(report(backend.id, result, fold - 1), to)


@app.command()
def cfp(
    data: Data,
    root: Annotated[Path, typer.Option(exists=True, help="CFP itself, with its folder Protocol.")],
    model: Model = "",
    fold: Fold = 8,
    to: To = EVALUATION,
) -> None:
    """Verification on a fold of CFP, frontal-frontal and frontal-profile; a face that was not found counts as wrong.

    Thresholds come from pairs of the validation people.
    Example: facet evaluate cfp --data prepared/cfp --root cfp-dataset
    """
    from model.backend import load_backend
    from training.data.cfp import PROTOCOLS, read_cfp_pairs
    from training.evaluation.cfp import report, validation_pairs, verify_strangers
    from training.evaluation.faces import see
    from training.evaluation.splits import load_split

    backend = load_backend(model)
    with told():
        pairs = {protocol: read_cfp_pairs(root, protocol, fold) for protocol in PROTOCOLS}
        known, faces = (see(backend, load_split(data, split, backend.image_size)) for split in ("val", "test"))
        results = {
            protocol: verify_strangers(known, validation_pairs(known.labels.keys, protocol), faces, pairs[protocol])
            for protocol in PROTOCOLS
        }
    _deliver(report(backend.id, results, fold), to)


@app.command()
def affectnet(
    data: Data,
    model: Model = "",
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    to: To = EVALUATION,
) -> None:
    """Expressions classed by the model's class means: accuracy, AUC, confusion matrix.

    Any prepared folder with expression labels will do. Example: facet evaluate affectnet --data prepared/affectnet
    """
    from model.backend import load_backend
    from training.evaluation.expression import classify, report
    from training.evaluation.faces import see
    from training.evaluation.splits import load_split

    backend = load_backend(model)
    with told():
        result = classify(see(backend, load_split(data, split, backend.image_size)), backend.calibration)
    _deliver(report(backend.id, result), to)


@app.command()
def reconstruction(
    data: Data,
    model: Model = "",
    size: Size = None,
    to: To = EVALUATION,
) -> None:
    """L1, PSNR and SSIM of the faces drawn back, beside the best linear code of 99 numbers.

    With --size models of different drawing sizes are compared on the same photographs.
    Example: facet evaluate reconstruction --data prepared/lfw --data prepared/utkface
    """
    from model.backend import load_backend
    from training.evaluation.faces import embed_all, enlarged, render_all, still_crops
    from training.evaluation.reconstruction import pca_reconstruct, report
    from training.evaluation.splits import load_split

    backend = load_backend(model)
    side = size or backend.image_size
    with told():
        photographs, _ = still_crops(load_split(data, "test", side), side)
        training, _ = still_crops(load_split(data, "train", side), side)
        drawn = enlarged(render_all(backend, embed_all(backend, photographs)), side)
    linear = pca_reconstruct(training, photographs)
    _deliver(report(backend.id, photographs, {"this model": drawn, "PCA-99": linear}), to)


@app.command()
def disentanglement(data: Data, model: Model = "", to: To = EVALUATION) -> None:
    """What each sub-vector tells about each attribute, and the consistency of edits.

    Example: facet evaluate disentanglement --data prepared/lfw
    """
    from model.backend import load_backend
    from training.evaluation.disentanglement import measure, report
    from training.evaluation.edits import edit_laws
    from training.evaluation.faces import see
    from training.evaluation.splits import load_split

    backend = load_backend(model)
    with told():
        faces = see(backend, load_split(data, "test", backend.image_size))
        measured = measure(faces)
    _deliver(report(backend.id, measured, edit_laws(backend, faces)), to)


@app.command()
def generation(
    data: Data,
    model: Model = "",
    judges: Judged = False,
    landmarker: Landmarker = None,
    outside: Outside = None,
    size: Size = None,
    to: To = EVALUATION,
) -> None:
    """Fréchet distance of random faces to photographs, by our encoder, with --judges by dlib, and by --outside.

    Example: facet evaluate generation --data prepared/lfw --size 128 --outside faceres.json
    """
    from model.backend import load_backend
    from training.evaluation.faces import see
    from training.evaluation.generation import measure_generation, report
    from training.evaluation.splits import load_split

    backend = load_backend(model)
    with told(), _judges(judges, landmarker) as readers:
        side = size or backend.image_size
        faces = see(backend, load_split(data, "test", side), side)
        result = measure_generation(backend, faces, judges=readers, outside=_outside(outside))
    _deliver(report(backend.id, result), to)


@app.command()
def edits(
    data: Data,
    model: Model = "",
    judges: Judged = False,
    landmarker: Landmarker = None,
    outside: Outside = None,
    count: Annotated[int, typer.Option(min=1, help="Swaps of each attribute that other networks see.")] = 200,
    to: To = EVALUATION,
) -> None:
    """Swaps between people: does the attribute arrive, and does the rest stay?

    Example: facet evaluate edits --data prepared/lfw --judges --landmarker face_landmarker.task
    """
    from model.backend import load_backend
    from training.evaluation.edits import edit_laws
    from training.evaluation.faces import see
    from training.evaluation.judged_edits import judge_edits, report
    from training.evaluation.outside_edits import view_edits
    from training.evaluation.splits import load_split

    backend = load_backend(model)
    with told(), _judges(judges, landmarker) as readers:
        faces = see(backend, load_split(data, "test", backend.image_size))
        laws = edit_laws(backend, faces)
        judgement = judge_edits(backend, faces, readers, count, random_faces=count) if readers else None
        network = _outside(outside)
        view = view_edits(backend, faces, network, count) if network else None
    _deliver(report(backend.id, laws, judgement, view), to)


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
    from model.backend import load_backend
    from training.evaluation.faces import see
    from training.evaluation.groups import group_errors, report
    from training.evaluation.splits import load_split

    backend = load_backend(model)
    with told():
        errors = group_errors(backend, see(backend, load_split(data, split, backend.image_size)))
    _deliver(report(backend.id, errors), to)


@app.command()
def detection(
    root: Annotated[Path, typer.Option(exists=True, help="LFW itself, a folder or a tar of it.")],
    pairs: Pairs,
    fold: Fold = 9,
    detector: Annotated[Path | None, typer.Option(exists=True, help="YuNet's file; else the Haar cascades.")] = None,
    to: To = EVALUATION,
) -> None:
    """How often the detector finds the person, in the photographs of a fold's people.

    Example: facet evaluate detection --root lfw-deepfunneled.tar --pairs pairs.txt
    """
    from model.faces.detector import load_detector
    from training.data.lfw import read_lfw
    from training.data.pictures import Picture
    from training.evaluation.detection import detection_rate, report

    finder = load_detector(detector)
    with told(), progress() as bar:
        found = [item for item in read_lfw(root, pairs, fold) if isinstance(item, Picture) and item.split == "test"]
        task = bar.add_task("Detecting", total=len(found), note="")
        rate = detection_rate(found, finder, lambda: bar.advance(task))
    _deliver(report(rate), to)


@contextmanager
def _judges(wanted: bool, landmarker: Path | None) -> Iterator["Judges | None"]:
    """The judging networks, if they are wanted."""
    if not wanted:
        yield None
        return
    if landmarker is None:
        raise typer.BadParameter("name Face Landmarker's file", param_hint="--landmarker")
    from training.evaluation.judges import Judges

    with progress() as bar:
        task = bar.add_task("Pictures judged", total=None, note="")
        try:
            networks = Judges(landmarker, lambda: bar.advance(task))
        except ModuleNotFoundError as error:
            raise typer.BadParameter(f"{error}; `make label` installs it", param_hint="--judges") from error
        with networks as judges:
            yield judges


def _outside(path: Path | None) -> "OutsideNetwork | None":
    from training.evaluation.outside_network import OutsideNetwork

    return OutsideNetwork(path) if path else None


def _deliver(report: "Report", folder: Path) -> None:
    typer.echo(report.text())
    for path in report.save(folder):
        typer.echo(path)
