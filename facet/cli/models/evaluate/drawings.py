"""Protocols of what is drawn: reconstructions, random faces, swaps."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.cli.common.mistakes import told
from facet.cli.models.evaluate.options import (
    EVALUATION,
    Data,
    Judged,
    Landmarker,
    Model,
    Outside,
    Size,
    To,
    app,
    deliver,
    faces_of,
)
from facet.progress import progress

if TYPE_CHECKING:
    from training.evaluation.outside.faceres import OutsideNetwork
    from training.evaluation.outside.label_networks import Judges


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
    from model.engine.backend import load_backend
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
    deliver(report(backend.id, photographs, {"this model": drawn, "PCA-99": linear}), to)


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
    from model.engine.backend import load_backend
    from training.evaluation.generation import measure_generation, report

    backend = load_backend(model)
    with told(), _judges(judges, landmarker) as readers:
        faces = faces_of(backend, data, "test", size)
        result = measure_generation(backend, faces, judges=readers, outside=_outside(outside))
    deliver(report(backend.id, result), to)


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
    from model.engine.backend import load_backend
    from training.evaluation.edits import edit_laws
    from training.evaluation.outside.swaps_by_faceres import view_edits
    from training.evaluation.outside.swaps_by_label_networks import judge_edits, report

    backend = load_backend(model)
    with told(), _judges(judges, landmarker) as readers:
        faces = faces_of(backend, data, "test")
        laws = edit_laws(backend, faces)
        judgement = judge_edits(backend, faces, readers, count, random_faces=count) if readers else None
        network = _outside(outside)
        view = view_edits(backend, faces, network, count) if network else None
    deliver(report(backend.id, laws, judgement, view), to)


@contextmanager
def _judges(wanted: bool, landmarker: Path | None) -> Iterator["Judges | None"]:
    """The judging networks, if they are wanted."""
    if not wanted:
        yield None
        return
    if landmarker is None:
        raise typer.BadParameter("name Face Landmarker's file", param_hint="--landmarker")
    from training.evaluation.outside.label_networks import Judges

    with progress() as bar:
        task = bar.add_task("Pictures judged", total=None, note="")
        try:
            networks = Judges(landmarker, lambda: bar.advance(task))
        except ModuleNotFoundError as error:
            raise typer.BadParameter(f"{error}; `make label` installs it", param_hint="--judges") from error
        with networks as judges:
            yield judges


def _outside(path: Path | None) -> "OutsideNetwork | None":
    from training.evaluation.outside.faceres import OutsideNetwork

    return OutsideNetwork(path) if path else None
