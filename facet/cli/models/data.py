"""`facet data`: data sets turned into shards of aligned, labelled crops."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.cli.common.mistakes import told
from facet.progress import progress

if TYPE_CHECKING:
    from training.data.sources.pictures import Failure, Picture

app = typer.Typer(help="Prepare data sets for training.", no_args_is_help=True)


class DataSet(StrEnum):
    """The data sets that can be read."""

    AFFECTNET = "affectnet"
    CELEBA = "celeba"
    CFP = "cfp"
    FOLDER = "folder"
    LFW = "lfw"
    UNNAMED = "unnamed"
    UTKFACE = "utkface"
    VGGFACE2 = "vggface2"
    VOXCELEB = "voxceleb"


@app.command()
def prepare(
    name: Annotated[DataSet, typer.Argument(help="Which data set it is.")],
    root: Annotated[Path, typer.Option(exists=True, help="Its folder; folder, lfw, unnamed, utkface may be a tar.")],
    to: Annotated[Path, typer.Option(help="Folder for the shards.")],
    pairs: Annotated[Path | None, typer.Option(exists=True, help="LFW's pairs.txt.")] = None,
    people: Annotated[Path | None, typer.Option(exists=True, help="LFW's people.txt.")] = None,
    test_fold: Annotated[int, typer.Option(min=0, help="LFW's fold whose people are only for testing; 0: all.")] = 9,
    expressions: Annotated[
        Path | None, typer.Option(exists=True, help="CSV of image,expression (lfw) or picture,expression (unnamed).")
    ] = None,
    leave_out: Annotated[
        Path | None, typer.Option(exists=True, help="Pictures to skip, one a line; the last of tab-separated columns.")
    ] = None,
    detector: Annotated[Path | None, typer.Option(exists=True, help="A detector's file; else the bundled one.")] = None,
    landmarker: Annotated[Path | None, typer.Option(exists=True, help="Labels pose and blendshapes.")] = None,
    teacher: Annotated[bool, typer.Option(help="Store the identity teacher's features.")] = False,
    val_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Of a folder's people; 0.05 by default.")
    ] = None,
    test_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Of a folder's people, kept for `facet evaluate`; 0 by default.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core by default.")] = None,
) -> None:
    """Check a data set's layout, then detect, align and label every picture; after a stop, run again to go on.

    Rows and pictures that cannot be used are listed and skipped.

    Example: facet data prepare lfw --root lfw-deepfunneled.tar --pairs pairs.txt --to prepared/lfw
    """
    from training.data.prepare import Preparation
    from training.data.prepare import prepare as run

    if name is not DataSet.LFW and (pairs or people):
        raise typer.BadParameter("--pairs and --people are of lfw alone")
    if name not in (DataSet.LFW, DataSet.UNNAMED) and expressions:
        raise typer.BadParameter("--expressions is of lfw and unnamed alone")
    if name is not DataSet.FOLDER and (val_share, test_share) != (None, None):
        raise typer.BadParameter("--val-share and --test-share are of folder alone; other data sets have their splits")
    shares = (0.05 if val_share is None else val_share, test_share or 0.0)
    pictures = _pictures(name, root, leave_out, pairs, test_fold, expressions, people, shares)
    with told(), progress() as bar:
        task = bar.add_task(f"Preparing {name}", total=len(pictures), note="")
        how = Preparation(detector, landmarker, teacher)
        failures = run(pictures, to, how, workers, lambda done: bar.advance(task, done))
    typer.echo(f"{len(pictures) - len(failures)} crops in {to}; {len(failures)} left out, see {to / 'failures.jsonl'}")


@app.command()
def pack(
    folders: Annotated[list[Path], typer.Argument(exists=True, file_okay=False, help="Prepared folders.")],
    to: Annotated[Path, typer.Option(help="Folder for theirs, each by its name.")],
    pixels: Annotated[int, typer.Option(min=1, help="A crop's side.")] = 240,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of WebP.")] = 88,
) -> None:
    """Make prepared folders a quarter as large, to carry them to where a GPU is; after a stop, run again to go on.

    Example: facet data pack prepared/lfw prepared/cfp --to packed
    """
    from training.data import packing
    from training.data.shards import shards

    with told(), progress() as bar:
        for folder in folders:
            task = bar.add_task(f"Packing {folder.name}", total=len(shards(folder)), note="")
            advance = partial(bar.advance, task)
            packing.pack(folder, to / folder.name, pixels, quality, advance)
            bytes_before, bytes_now = (
                sum(path.stat().st_size for path in shards(each)) for each in (folder, to / folder.name)
            )
            typer.echo(f"{to / folder.name}: {bytes_now / 1e6:.1f} MB of {bytes_before / 1e6:.1f}")


@app.command()
def faces(
    name: Annotated[DataSet, typer.Argument(help="Which data set it is; unnamed: any folder of pictures.")],
    root: Annotated[Path, typer.Option(exists=True, help="Its folder; folder, lfw, unnamed, utkface may be a tar.")],
    to: Annotated[Path, typer.Option(help="File of lines of JSON, one a picture.")],
    detector: Annotated[Path, typer.Option(exists=True, help="YuNet's file, the teacher.")],
    pairs: Annotated[Path | None, typer.Option(exists=True, help="LFW's pairs.txt.")] = None,
    test_fold: Annotated[int, typer.Option(min=0, help="LFW's fold whose people are left out.")] = 9,
    leave_out: Annotated[Path | None, typer.Option(exists=True, help="Pictures to skip, as for prepare.")] = None,
    empty: Annotated[bool, typer.Option(help="Keep the pictures in which the teacher sees no face at all.")] = False,
    twice: Annotated[bool, typer.Option(help="Look at small pictures at twice their size too.")] = True,
    min_score: Annotated[float, typer.Option(help="Unsure faces are kept from this score on.")] = 0.3,
) -> None:
    """Write down where a teacher sees faces in whole photographs, for `facet train detector`; run again to go on.

    Example: facet data faces lfw --root lfw.tar --pairs pairs.txt --detector yunet.onnx --to faces/lfw.jsonl
    """
    from model.faces.yunet import YuNetDetector
    from training.detector.labels import write_labels

    pictures = _pictures(name, root, leave_out, pairs, test_fold)
    to.parent.mkdir(parents=True, exist_ok=True)
    with told(), progress() as bar:
        task = bar.add_task(f"Labelling {name}", total=len(pictures), note="")
        teacher = YuNetDetector(detector, min_score)
        write_labels(pictures, teacher, to, empty=empty, twice=twice, progress=lambda: bar.advance(task))


@app.command()
def mine(
    labels: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Files of `facet data faces`.")],
    detector: Annotated[Path | None, typer.Option(exists=True, help="A detector's file; else the bundled one.")] = None,
    min_score: Annotated[float, typer.Option(help="From which score on it sees a face.")] = 0.3,
) -> None:
    """Write down where a detector sees faces in pictures without any, so that its training shows those places more.

    Example: facet data mine faces/nothing.jsonl --detector runs/detector/detector.safetensors
    """
    from model.faces.network_detector import NetworkDetector
    from training.detector import labels as written

    with told(), progress() as bar:
        finder = NetworkDetector(detector, min_score)
        for path in labels:
            task = bar.add_task(path.name, total=len(path.read_text().splitlines()), note="")
            count = written.mine(path, finder, progress=lambda task=task: bar.advance(task))  # type: ignore[misc]
            typer.echo(f"{path}: {count} false alarms")


def _pictures(
    name: DataSet,
    root: Path,
    leave_out: Path | None,
    pairs: Path | None = None,
    test_fold: int = 9,
    expressions: Path | None = None,
    people: Path | None = None,
    shares: tuple[float, float] = (0.05, 0.0),
) -> "list[Picture | Failure]":
    """What a data set holds. Raises BadParameter if that is not one picture."""
    from training.data.sources.folder import read_folder
    from training.data.sources.lfw import read_lfw
    from training.data.sources.pictures import Failure, Picture
    from training.data.sources.readers import READERS, left_out, unique, without
    from training.data.sources.unnamed import read_unnamed

    with told():
        match name:
            case DataSet.LFW:
                found = read_lfw(root, pairs, test_fold, expressions, people)
            case DataSet.UNNAMED:
                found = read_unnamed(root, expressions)
            case DataSet.FOLDER:
                found = read_folder(root, *shares)
            case _:
                found = READERS[name](root)
        pictures = list(unique(without(found, left_out(leave_out) if leave_out else ())))
    if not any(isinstance(item, Picture) for item in pictures):
        wrong = [f"; {item.key}: {item.reason}" for item in pictures[:1] if isinstance(item, Failure)]
        raise typer.BadParameter(f"{root} holds no pictures of {name}{''.join(wrong)}", param_hint="--root")
    return pictures
