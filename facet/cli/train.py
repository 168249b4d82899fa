"""`facet train`: one stage of training."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from facet.cli.mistakes import told
from facet.cli.progress import progress


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe in training/configs/ by name, or a TOML file.")],
    data: Annotated[list[Path], typer.Option(help="A prepared folder; may be repeated.")],
    name: Annotated[str, typer.Option(help="The run's folder below --runs.")],
    runs: Annotated[Path, typer.Option(help="Where runs live.")] = Path("runs"),
    start: Annotated[
        str | None, typer.Option("--from", help="Begin with the weights of a run or a model file.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after this long; the same command goes on.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    change: Annotated[list[str] | None, typer.Option("--set", help="Change a setting: optimiser.clip=1.0.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Print the resolved recipe and the networks' sizes.")] = False,
) -> None:
    """Train a stage, or go on exactly where its run stopped.

    Example: facet train autoencoder --data prepared/lfw --name first
    """
    from model.engine import choose_device
    from model.face_model import FaceModel
    from training.stages import load_recipe
    from training.train import Run, load_training_crops, run_training

    with told():
        resolved = load_recipe(recipe, _overrides(change or []))
    if dry_run:
        networks = {part: _count(network) for part, network in FaceModel(resolved.network).named_children()}
        typer.echo(json.dumps({"recipe": resolved.to_data(), "parameters": networks}, indent=2))
        return
    with told():
        crops = load_training_crops(data, resolved.network.image_size)
    typer.echo(f"{len(crops)} training crops, {crops.classes} people with several")
    with told(), progress() as bar:
        task = bar.add_task(f"{resolved.stage} {name}", total=resolved.steps, note="")
        ended = run_training(
            resolved,
            crops,
            Run(runs / name),
            _origin(runs, start),
            str(choose_device(device)),
            minutes,
            lambda now: bar.update(task, completed=now.step, note=f"{now.images_per_second:.0f} images/s"),
        )
    typer.echo(f"{'finished' if ended else 'stopped; the same command goes on'}: {runs / name}")


def _origin(runs: Path, start: str | None) -> Path | None:
    """The folder of a run by its name, or a model file by its path."""
    if start is None:
        return None
    return Path(start) if start.endswith(".safetensors") else runs / start


def _count(network: Any) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _overrides(changes: list[str]) -> dict[str, Any]:
    """`a.b=value` with TOML values."""
    result = {}
    for change in changes:
        key, sign, value = change.partition("=")
        if not sign:
            raise typer.BadParameter(f"{change!r} is not of the form key=value", param_hint="--set")
        try:
            result[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            result[key] = value
    return result
