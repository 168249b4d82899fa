"""`facet evaluate`: a model measured on people that it was not trained on."""

import json
from pathlib import Path
from typing import Annotated

import typer

from facet.cli.mistakes import told


def evaluate(
    data: Annotated[list[Path], typer.Option(help="A prepared folder; may be repeated.")],
    pairs: Annotated[Path, typer.Option(exists=True, help="LFW's pairs.txt.")],
    model: Annotated[str, typer.Option(help="A model file; the bundled one by default.")] = "",
    fold: Annotated[int, typer.Option(min=1, help="The fold whose people were held out.")] = 9,
    yardstick: Annotated[bool, typer.Option(help="Fit PCA-99 on the training crops and measure it too.")] = True,
    output: Annotated[Path | None, typer.Option(help="Write the figures there as JSON.")] = None,
) -> None:
    """Reconstruction, verification, pose, expression and edits on the test split.

    Example: facet evaluate --data prepared/lfw --pairs pairs.txt
    """
    from model.backend import load_backend
    from training.data.lfw import read_fold
    from training.evaluation.faces import still_crops
    from training.evaluation.summary import evaluate as measure
    from training.evaluation.summary import rows
    from training.export import load_splits

    backend = load_backend(model)
    with told():
        splits, asked = load_splits(data, backend.image_size), read_fold(pairs, fold)
        training = still_crops(splits.train, backend.image_size)[0] if yardstick else None
        result = measure(backend, splits.test, splits.val, asked, training)
    for name, figure in rows(result):
        typer.echo(f"{name:48}{figure}")
    if output:
        output.write_text(json.dumps(result, indent=2) + "\n")
