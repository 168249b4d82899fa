"""`facet reconstruct`, `facet edit` and `facet generate`: single pictures drawn by the model."""

from pathlib import Path
from typing import Annotated, Any

import typer

from facet.cli.common.files import Align, AlignOption, Url, pictures_in


def reconstruct(
    pictures: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    to: Annotated[Path, typer.Option("--to", "-o", help="The folder to draw into.")] = Path("reconstructed"),
    align: AlignOption = Align.AUTO,
    url: Url = None,
) -> None:
    """Draw the faces of pictures back from their embeddings.

    Exit code 1 if some failed, which standard error names.

    Example: facet reconstruct photographs/ --to drawn/
    """
    from facet.cli.common.local_or_remote import faces_of
    from facet.progress import counted

    paths = pictures_in(pictures)
    to.mkdir(parents=True, exist_ok=True)
    failed = False
    with faces_of(url) as faces:
        drawings = counted(faces.reconstruct_each(paths, align.value), "Drawing", len(paths))
        for number, (path, drawn) in enumerate(drawings, start=1):
            if isinstance(drawn, str):
                failed = True
                typer.echo(f"{path}: {drawn}", err=True)
                continue
            target = to / f"{number:04}-{path.stem}.png"
            target.write_bytes(drawn.png)
            typer.echo(f"{target}\t{drawn.ssim:.3f}")
    if failed:
        raise typer.Exit(1)


def edit(
    picture: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The picture.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The PNG to write.")] = Path("edited.png"),
    source: Annotated[Path | None, typer.Option(exists=True, help="A second picture to take from.")] = None,
    take: Annotated[list[str] | None, typer.Option(help="Take an attribute of --source: style or style:0.5.")] = None,
    preset: Annotated[str | None, typer.Option(help="An expression: happiness or happiness:0.8.")] = None,
    yaw: Annotated[float | None, typer.Option(help="Degrees; above 0 to the picture's right.")] = None,
    pitch: Annotated[float | None, typer.Option(help="Degrees; above 0 upwards.")] = None,
    roll: Annotated[float | None, typer.Option(help="Degrees; above 0 clockwise.")] = None,
    paste: Annotated[bool, typer.Option(help="Put the face back into the photograph.")] = False,
    align: AlignOption = Align.AUTO,
    url: Url = None,
) -> None:
    """Change one part of a face and leave the rest alone.

    Example: facet edit ada.jpg --yaw 20 --preset happiness:0.8 -o turned.png
    """
    from facet.cli.common.local_or_remote import faces_of

    edits = [_edit(name, "from", "source:0") for name in take or []]
    if take and source is None:
        raise typer.BadParameter("name the picture to take from", param_hint="--source")
    if preset is not None:
        name, _, amount = preset.partition(":")
        edits.append({"attribute": "expression", "preset": name, "amount": _amount(amount)})
    angles = {name: value for name, value in {"yaw": yaw, "pitch": pitch, "roll": roll}.items() if value is not None}
    if angles:
        edits.append({"attribute": "pose", "set": angles})
    if not edits:
        raise typer.BadParameter("name a change: --take, --preset, --yaw, --pitch or --roll")
    with faces_of(url) as faces:
        drawn = faces.edit(picture, edits, sources=[source] if source else [], paste=paste, align=align.value)
    output.write_bytes(drawn)
    typer.echo(output)


def generate(
    count: Annotated[int, typer.Argument(min=1, help="How many faces.")] = 1,
    to: Annotated[Path, typer.Option("--to", "-o", help="The folder to draw into.")] = Path("generated"),
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed draws the same faces.")] = None,
    picture: Annotated[Path | None, typer.Option(exists=True, help="A face to keep something of.")] = None,
    keep: Annotated[list[str] | None, typer.Option(help="What to keep of --picture: identity, pose, …")] = None,
    align: AlignOption = Align.AUTO,
    url: Url = None,
) -> None:
    """Draw faces that nobody has.

    Example: facet generate 8 --seed 1 --to faces/
    """
    from facet.cli.common.local_or_remote import faces_of

    with faces_of(url) as faces:
        drawn = faces.generate(count, seed=seed, image=picture, keep=keep or [], align=align.value)
    to.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(drawn, start=1):
        target = to / f"face-{number:04}.png"
        target.write_bytes(image)
        typer.echo(target)


def _edit(named: str, way: str, value: str) -> dict[str, Any]:
    """The edit that `name` or `name:amount` asks for."""
    name, _, amount = named.partition(":")
    return {"attribute": name, way: value, "amount": _amount(amount)}


def _amount(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no amount") from error
