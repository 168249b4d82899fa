"""`facet model`: model files made and shown."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.cli.common.mistakes import told

if TYPE_CHECKING:
    from model.face_model import FaceModel
    from training.data.crops import CropSet
    from training.data.sources.lfw import Pair
    from training.evaluation.splits import Splits

app = typer.Typer(help="Export and show models.", no_args_is_help=True)

Prepared = Annotated[list[Path], typer.Option(help="A prepared folder; may be repeated.")]
PairsFile = Annotated[
    Path | None, typer.Option(exists=True, help="LFW's pairs.txt; without it pairs are drawn from the test people.")
]
CardFile = Annotated[Path | None, typer.Option(exists=True, help="TOML with data, terms, weaknesses, uses.")]
Fold = Annotated[int, typer.Option(min=1, help="The fold whose people were held out.")]
Written = Annotated[Path, typer.Option(help="The model file to write.")]
Read = Annotated[Path, typer.Argument(exists=True, help="A model file.")]
Seen = Annotated[list[Path], typer.Option(help="A prepared folder to learn from; may be repeated.")]


@app.command()
def show(model: Annotated[str, typer.Argument(help="A model file; the bundled one by default.")] = "") -> None:
    """Print a model's id and its card.

    Example: facet model show
    """
    from model.engine.backend import load_backend

    backend = load_backend(model, "cpu")
    card = {"id": backend.id, "image_size": backend.image_size, "read_size": backend.read_size, **backend.card}
    typer.echo(json.dumps(card, indent=2))


@app.command()
def export(
    run: Annotated[Path, typer.Argument(exists=True, help="The folder of a training run.")],
    to: Written,
    data: Prepared,
    name: Annotated[str, typer.Option(help="The model's name.")] = "facet",
    pairs: PairsFile = None,
    card: CardFile = None,
    fold: Fold = 9,
    names: Annotated[
        list[Path] | None,
        typer.Option(
            help="A prepared folder from which identity learns names, expression and style purity; may be repeated."
        ),
    ] = None,
    onnx: Annotated[Path | None, typer.Option(help="Also write encoder and decoder as ONNX into this folder.")] = None,
) -> None:
    """Whiten, calibrate and measure a run's weights and write them as one file.

    Example: facet model export runs/first --to first.safetensors --data prepared/lfw --pairs pairs.txt
    """
    from model.checkpoint import load_checkpoint
    from training.data.mixture import Source
    from training.data.sources.lfw import read_fold
    from training.evaluation.splits import load_splits
    from training.export.checkpoint import card_json, export
    from training.export.onnx import export_onnx
    from training.train import Run, load_training_crops, networks_of

    with told():
        size = networks_of(run).image_size
        named = load_training_crops([Source(folder) for folder in names], size) if names else None
        fold_pairs = read_fold(pairs, fold) if pairs else None
        written = export(Run(run), to, name, load_splits(data, size), fold_pairs, card, named)
        if onnx is not None:
            for name, difference in export_onnx(load_checkpoint(to).model, onnx).items():
                typer.echo(f"{onnx / name} differs from torch by at most {difference:.1e}", err=True)
    typer.echo(card_json(written))


@app.command()
def purify(
    model: Read,
    to: Written,
    data: Prepared,
    seen: Seen,
    pairs: PairsFile = None,
    card: CardFile = None,
    fold: Fold = 9,
) -> None:
    """Take pose and identity out of a model's expression and style, colours out of expression; as export --names does.

    Splitter and merger alone learn. Figures are measured anew, entries of --card replace the card's, and reports go.
    Example: facet model purify mine.safetensors --seen prepared/lfw --to pure.safetensors --data prepared/lfw
    """
    from training.export.checkpoint import card_json
    from training.export.relearning import relearn_file
    from training.networks.purity import purify
    from training.networks.relearning import views

    with told():
        crops, splits, fold_pairs = _material(model, seen, data, pairs, fold)
        written = relearn_file(model, to, lambda model: purify(model, views(model, crops)), splits, fold_pairs, card)
    typer.echo(card_json(written))


@app.command()
def express(
    model: Read,
    to: Written,
    data: Prepared,
    seen: Seen,
    landmarker: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Face Landmarker's file, face_landmarker.task.")
    ],
    pairs: PairsFile = None,
    card: CardFile = None,
    fold: Fold = 9,
    likeness: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A face recognition network as npm's face-api has it, so that identity does not pay for expression.",
        ),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="How many drawn faces are read at once.")] = 2,
) -> None:
    """Make the expression that a face is given visible in its drawing, to Face Landmarker, which reads many of them.

    Splitter and merger alone learn, after purify and with what it asks, and see how photographs are drawn back
    meanwhile; figures, --card and reports as there. Needs `make label`.
    Example: facet model express pure.safetensors --landmarker face_landmarker.task --seen prepared/lfw
    --likeness face_recognition_model-weights_manifest.json --to expressive.safetensors --data prepared/lfw
    """
    from training.export.checkpoint import card_json
    from training.export.descriptors import likeness_in
    from training.export.drawn_faces import DrawnFaceReader
    from training.export.relearning import relearn_file
    from training.networks.drawing_back import photographs_in
    from training.networks.expressing import express
    from training.networks.relearning import views

    try:
        reader = DrawnFaceReader(landmarker, threads)
    except ModuleNotFoundError as error:
        raise typer.BadParameter(f"{error}; `make label` installs it", param_hint="--landmarker") from error
    with told(), reader as read:
        crops, splits, fold_pairs = _material(model, seen, data, pairs, fold)

        def learn(model: "FaceModel") -> None:
            people = likeness_in(crops, likeness, model.config.image_size) if likeness else None
            express(model, views(model, crops), read, people, photographs_in(crops, model.config.image_size))

        written = relearn_file(model, to, learn, splits, fold_pairs, card)
    typer.echo(card_json(written))


def _material(
    model: Path, seen: list[Path], data: list[Path], pairs: Path | None, fold: int
) -> "tuple[CropSet, Splits, list[Pair] | None]":
    """What to learn from, and what to measure with."""
    from model.checkpoint import load_checkpoint
    from training.data.mixture import Source
    from training.data.sources.lfw import read_fold
    from training.evaluation.splits import load_splits
    from training.train import load_training_crops

    size = load_checkpoint(model).model.config.image_size
    crops = load_training_crops([Source(folder) for folder in seen], size)
    return crops, load_splits(data, size), read_fold(pairs, fold) if pairs else None


@app.command()
def quantize(model: Read, to: Written, data: Prepared) -> None:
    """Add the graph by which processors read faces in 8 bits (FACET_PRECISION=int8), and say what it changes.

    Its ranges are found on the training split. The similarities are those of the test split's embeddings to float32's.
    Example: facet model quantize mine.safetensors --to mine-int8.safetensors --data prepared/lfw
    """
    from model.attributes import similarities
    from model.checkpoint import load_checkpoint, save_checkpoint
    from model.engine.engine import Engine
    from training.evaluation.faces import embed_all, still_crops
    from training.evaluation.splits import load_split
    from training.export.int8_reader import int8_reader

    with told():
        found = load_checkpoint(model)
        size = found.model.config.read_size
        training, test = (still_crops(load_split(data, split, size), size)[0] for split in ("train", "test"))
        graph, name = int8_reader(found.model, training), found.id.rpartition("-")[0]
        save_checkpoint(to, name, found.model, found.calibration, found.card, graph)
        exact, rounded = (embed_all(Engine(to, "cpu", precision), test) for precision in ("float32", "int8"))
    for attribute, alike in similarities(exact, rounded).items():
        typer.echo(f"{attribute}: mean similarity {alike.mean():.4f}, least {alike.min():.4f}")


@app.command()
def interpolate(
    model: Read,
    other: Annotated[
        Path, typer.Argument(exists=True, help="One with the same encoder, unless --whole, that was trained on.")
    ],
    to: Written,
    data: Prepared,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="How far to go; 1 is all the way.")] = 0.5,
    whole: Annotated[bool, typer.Option("--whole", help="All networks, of two models that go back to one.")] = False,
    pairs: PairsFile = None,
    fold: Fold = 9,
) -> None:
    """Move the decoder of a model towards another's: pictures between the two, while what is read stays as it is.

    The card's figures are measured anew; reports about pictures go, as they were of others, and with --whole all.
    Example: facet model interpolate mine.safetensors sharper.safetensors --to between.safetensors --data prepared/lfw
    """
    from model.checkpoint import load_checkpoint
    from training.data.sources.lfw import read_fold
    from training.evaluation.splits import load_splits
    from training.export.interpolation import interpolate

    with told():
        size = load_checkpoint(model).model.config.image_size
        interpolate(model, other, share, to, load_splits(data, size), read_fold(pairs, fold) if pairs else None, whole)


@app.command()
def card(
    model: Annotated[Path | None, typer.Argument(exists=True, help="A model file; the bundled one by default.")] = None,
    to: Annotated[Path | None, typer.Option(help="A folder for README.md and the sheets; without it, print.")] = None,
    reports: Annotated[
        Path | None, typer.Option(exists=True, help="First put what `facet evaluate` wrote there into the file's card.")
    ] = None,
) -> None:
    """The model card as Markdown, with sheets of generated faces.

    Taking in reports leaves the model's weights and its id as they are.
    Example: facet model card mine.safetensors --reports evaluation/ --to card/
    """
    from model.checkpoint import bundled
    from model.engine.engine import Engine
    from training.export.card import SHEETS, draw_sheets, markdown, take_in

    path = model or bundled()
    if reports is not None:
        if model is None:
            raise typer.BadParameter("name the model file that takes them in", param_hint="--reports")
        with told():
            typer.echo(f"taken into the card: {', '.join(take_in(path, reports))}", err=True)
    engine = Engine(path, "cpu")
    text = markdown(engine.id, engine.card, sheets=to is not None)
    if to is None:
        typer.echo(text)
        return
    to.mkdir(parents=True, exist_ok=True)
    (to / "README.md").write_text(text)
    draw_sheets(engine, to)
    for name in ("README.md", *SHEETS):
        typer.echo(to / name)
