"""`facet model`: model files made and shown."""

import json
from pathlib import Path
from typing import Annotated

import typer

from facet.cli.mistakes import told

app = typer.Typer(help="Export and show models.", no_args_is_help=True)


@app.command()
def show(model: Annotated[str, typer.Argument(help="A model file; the bundled one by default.")] = "") -> None:
    """Print a model's id and its card."""
    from model.backend import load_backend

    backend = load_backend(model, "cpu")
    card = {"id": backend.id, "image_size": backend.image_size, **backend.card}
    typer.echo(json.dumps(card, indent=2))


@app.command()
def export(
    run: Annotated[Path, typer.Argument(exists=True, help="The folder of a training run.")],
    to: Annotated[Path, typer.Option(help="The model file to write.")],
    data: Annotated[list[Path], typer.Option(help="A prepared folder; may be repeated.")],
    pairs: Annotated[Path, typer.Option(exists=True, help="LFW's pairs.txt.")],
    name: Annotated[str, typer.Option(help="The model's name.")] = "facet",
    card: Annotated[Path | None, typer.Option(exists=True, help="TOML with data, terms, weaknesses, uses.")] = None,
    fold: Annotated[int, typer.Option(min=1, help="The fold whose people were held out.")] = 9,
) -> None:
    """Calibrate and measure a run's weights and write them as one file.

    Example: facet model export runs/first --to first.safetensors --data prepared/lfw --pairs pairs.txt
    """
    from training.data.lfw import read_fold
    from training.export import card_json, export, load_splits
    from training.resume import load_state
    from training.train import Run

    with told():
        size = load_state(Run(run).state)["recipe"]["network"]["image_size"]
        written = export(Run(run), to, name, load_splits(data, size), read_fold(pairs, fold), card)
    typer.echo(card_json(written))
