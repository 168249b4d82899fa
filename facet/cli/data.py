"""`facet data`: data sets turned into shards of aligned, labelled crops."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from facet.cli.mistakes import told
from facet.cli.progress import progress

app = typer.Typer(help="Prepare data sets for training.", no_args_is_help=True)


class DataSet(StrEnum):
    """The data sets that can be read."""

    LFW = "lfw"
    UTKFACE = "utkface"


@app.command()
def prepare(
    name: Annotated[DataSet, typer.Argument(help="Which data set it is.")],
    root: Annotated[Path, typer.Option(exists=True, help="Its folder, or a tar of it.")],
    to: Annotated[Path, typer.Option(help="Folder for the shards.")],
    pairs: Annotated[Path | None, typer.Option(exists=True, help="LFW's pairs.txt.")] = None,
    test_fold: Annotated[int, typer.Option(min=1, help="The fold whose people are only for testing.")] = 9,
    expressions: Annotated[Path | None, typer.Option(exists=True, help="CSV of image,expression.")] = None,
    detector: Annotated[Path | None, typer.Option(exists=True, help="YuNet's file; else the Haar cascades.")] = None,
    landmarker: Annotated[Path | None, typer.Option(exists=True, help="Labels pose and blendshapes.")] = None,
    teacher: Annotated[bool, typer.Option(help="Store the identity teacher's features.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core by default.")] = None,
) -> None:
    """Detect, align and label every picture; run again after a stop, it goes on where it was.

    Example: facet data prepare lfw --root lfw-deepfunneled.tar --pairs pairs.txt --to prepared/lfw
    """
    from training.data.lfw import read_lfw
    from training.data.prepare import Preparation
    from training.data.prepare import prepare as run
    from training.data.utkface import read_utkface

    with told():
        pictures = list(read_lfw(root, pairs, test_fold, expressions) if name is DataSet.LFW else read_utkface(root))
    if not pictures:
        raise typer.BadParameter(f"{root} holds no pictures", param_hint="--root")
    with progress() as bar:
        task = bar.add_task(f"Preparing {name}", total=len(pictures), note="")
        how = Preparation(detector, landmarker, teacher)
        failures = run(pictures, to, how, workers, lambda done: bar.advance(task, done))
    typer.echo(f"{len(pictures) - len(failures)} crops in {to}; {len(failures)} left out, see {to / 'failures.jsonl'}")
