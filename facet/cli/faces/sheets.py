"""`facet draw`: sheets of many drawn faces, from photographs or from faces that nobody has."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facet.cli.common.files import Align, AlignOption, pictures_in
from facet.cli.common.mistakes import told

if TYPE_CHECKING:
    from model.attributes import Vector
    from model.engine.backend import Backend, Pixels

app = typer.Typer(help="Draw sheets of swaps, random faces and sweeps.", no_args_is_help=True)

Model = Annotated[str | None, typer.Option(help="A model file; by default the one of FACET_MODEL.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="The PNG to write.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed draws the same generated faces.")]


@app.command()
def swaps(
    target: Annotated[list[Path] | None, typer.Option(help="Pictures or folders, across; generated if none.")] = None,
    source: Annotated[list[Path] | None, typer.Option(help="Pictures or folders, down; generated if none.")] = None,
    columns: Annotated[int, typer.Option(min=1, help="How many targets are generated.")] = 6,
    rows: Annotated[int, typer.Option(min=1, help="How many sources are generated.")] = 3,
    seed: Seed = 0,
    output: Output = Path("swaps.png"),
    model: Model = None,
    align: AlignOption = Align.AUTO,
) -> None:
    """The editing matrix: targets across, sources down, and for each source a row of each attribute taken from it.

    Example: facet draw swaps --target photographs/ --source ada.jpg -o swaps.png
    """
    from training.export.drawings import editing_matrix

    backend = _backend(model)
    generated = backend.sample(columns + rows, seed)
    across, across_shown = _faces(backend, target, generated[:columns], align)
    down, down_shown = _faces(backend, source, generated[columns:], align)
    sheet = editing_matrix(backend, across, down, (across_shown, down_shown))
    _write(output, sheet, photographs=bool(target or source))


@app.command("random")
def random_faces(
    count: Annotated[int, typer.Argument(min=1, help="How many faces.")] = 24,
    seed: Seed = 0,
    output: Output = Path("random.png"),
    model: Model = None,
) -> None:
    """Faces that nobody has, on one sheet.

    Example: facet draw random 36 --seed 1 -o random.png
    """
    from training.export.drawings import random_sheet

    _write(output, random_sheet(_backend(model), count, seed), photographs=False)


@app.command()
def traverse(
    pictures: Annotated[list[Path] | None, typer.Argument(help="Pictures or folders; generated faces if none.")] = None,
    attribute: Annotated[str, typer.Option(help="pose, identity, expression or style.")] = "pose",
    steps: Annotated[int, typer.Option(min=2, help="Pictures in a row.")] = 7,
    count: Annotated[int, typer.Option(min=1, help="How many faces are generated.")] = 4,
    seed: Seed = 0,
    output: Output = Path("traverse.png"),
    model: Model = None,
    align: AlignOption = Align.AUTO,
) -> None:
    """One attribute changed step by step: each angle of pose, or from each face's to the next face's.

    Example: facet draw traverse --attribute pose -o turn.png
    """
    from model.attributes import Attribute
    from training.export.drawings import sweep_sheet

    if attribute not in {str(known) for known in Attribute}:
        raise typer.BadParameter(f"choose from {', '.join(Attribute)}", param_hint="--attribute")
    backend = _backend(model)
    faces, _ = _faces(backend, pictures, backend.sample(count, seed), align)
    with told():
        sheet = sweep_sheet(backend, faces, Attribute(attribute), steps)
    _write(output, sheet, photographs=False)


def _backend(model: str | None) -> "Backend":
    from facet.settings import Settings
    from model.engine.backend import load_backend

    settings = Settings.load(model=model)
    return load_backend(settings.model, settings.device)


def _faces(
    backend: "Backend", places: list[Path] | None, generated: "Vector", align: Align
) -> tuple["Vector", "Pixels"]:
    """Embeddings `(n, 99)` and crops of the faces in pictures, or without any the generated ones and how they look.

    A picture's error says which picture it is.
    """
    import numpy as np

    from facet.process.inference import detector_of, limits_of
    from facet.settings import Settings
    from model.errors import FacetError
    from training.evaluation.faces import embed_all
    from worker.local.aligner import Aligner

    if not places:
        return generated, backend.render(generated)
    settings = Settings.load()
    aligner = Aligner(lambda: detector_of(settings), limits_of(settings), backend.image_size, backend.image_size)
    crops = []
    for path in pictures_in(places):
        try:
            crops.append(aligner.faces(path.read_bytes(), align.value, 1)[0].crop)
        except FacetError as error:
            raise type(error)(f"{path}: {error.message}", **error.details) from error
    stacked = np.stack(crops)
    return embed_all(backend, stacked), stacked


def _write(output: Path, sheet: "Pixels", photographs: bool) -> None:
    """Write the sheet with the mark of how it came to be."""
    from model.images.encode import SourceType, encode_png

    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(encode_png(sheet, SourceType.COMPOSITE if photographs else SourceType.TRAINED))
    typer.echo(output)
