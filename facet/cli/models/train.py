"""`facet train`: one stage of training."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facet.cli.common.mistakes import told

if TYPE_CHECKING:
    from training.recipe import Recipe


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe in training/configs/ by name, or a TOML file.")],
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FOLDER[:WEIGHT]",
            help="A prepared folder; repeated, they mix by weight. Without it: all folders in ./prepared.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The run's folder below --runs; without it, named after --from and the recipe.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Where runs live.")] = Path("runs"),
    start: Annotated[
        str | None, typer.Option("--from", help="Begin with the weights of a run or a model file, of the same size.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after this long; the same command goes on.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    change: Annotated[list[str] | None, typer.Option("--set", help="Change a setting: optimiser.clip=1.0.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Print the resolved recipe and the networks' sizes.")] = False,
) -> None:
    """Train a stage or the detector, or go on exactly where its run stopped.

    Example: facet train autoencoder --data prepared/lfw --name my_model

    Then: facet train disentangle --from my_model --name split

    The detector, from files that `facet data faces` wrote: facet train detector --data faces/lfw.jsonl:4 ...

    On all GPUs of a machine: torchrun --nproc-per-node gpu --no-python facet train joint --from split --name joint
    """
    from training.recipe import read_recipe

    with told():
        stage = read_recipe(recipe, _overrides(change or [])).get("stage")
    if stage == "detector":
        run = runs / (name or Path(recipe).stem)
        _train_detector(recipe, data, run, start, minutes, device, change, dry_run)
    else:
        run = runs / (name or "-".join(Path(part).stem for part in (start, recipe) if part))
        _train_stage(recipe, data, run, _origin(runs, start), minutes, device, change, dry_run)


def _train_stage(
    recipe: str,
    data: list[str] | None,
    run: Path,
    origin: Path | None,
    minutes: float | None,
    device: str,
    change: list[str] | None,
    dry_run: bool,
) -> None:
    from facet.cli.models.watching import watching
    from model.engine.device import choose_device
    from training.data.mixture import Source
    from training.recipe import load_recipe
    from training.runtime import distributed as ranks
    from training.train import Run, load_training_crops, networks_of, run_training

    with told():
        resolved = load_recipe(recipe, _overrides(change or []), networks_of(origin) if origin else None)
    if dry_run:
        typer.echo(json.dumps(_plan(resolved), indent=2))
        return
    with told(), ranks.joined(str(choose_device(device))) as place:
        crops = load_training_crops(
            [Source.parse(source) for source in data or _prepared()], resolved.network.image_size
        )
        if not ranks.rank():
            typer.echo(f"{len(crops)} training crops, {crops.classes} people with several")
        with watching(run.name, resolved, silent=ranks.rank() > 0) as show:
            ended = _finite(lambda: run_training(resolved, crops, Run(run), origin, place, minutes, show))
        if not ranks.rank():
            typer.echo(_outcome(run, ended))


def _train_detector(
    recipe: str,
    data: list[str] | None,
    run: Path,
    start: str | None,
    minutes: float | None,
    device: str,
    change: list[str] | None,
    dry_run: bool,
) -> None:
    from facet.cli.models.watching import watching
    from model.engine.device import choose_device
    from model.networks.detector_network import DetectorNetwork
    from training.data.mixture import Source
    from training.detector.recipe import DetectorRecipe
    from training.detector.train import train_detector
    from training.recipe import read_recipe

    with told():
        resolved = DetectorRecipe.from_data(read_recipe(recipe, _overrides(change or [])))
    if dry_run:
        count = sum(parameter.numel() for parameter in DetectorNetwork(resolved.network).parameters())
        typer.echo(json.dumps({"recipe": resolved.to_data(), "parameters": count}, indent=2))
        return
    if not data:
        raise typer.BadParameter("name the files that `facet data faces` wrote", param_hint="--data")
    with told(), watching(run.name, resolved) as show:
        sources = [Source.parse(each) for each in data]
        origin, place = Path(start) if start else None, choose_device(device)
        ended = _finite(lambda: train_detector(resolved, sources, run, origin, place, minutes, show))
    typer.echo(_outcome(run, ended))


def _finite(training: Callable[[], bool]) -> bool:
    """Whether a training reached its end; losses that are no numbers end the command with a line and exit code 1."""
    from training.runtime.not_finite import NotFinite

    try:
        return training()
    except NotFinite as error:
        typer.echo(f"facet: {error}", err=True)
        raise typer.Exit(1) from error


def _outcome(run: Path, ended: bool) -> str:
    return f"{'finished' if ended else 'stopped; the same command goes on'}: {run}"


def _prepared() -> list[str]:
    """The prepared folders in the usual place. Raises FileNotFoundError if there is none."""
    found = sorted({str(path.parent) for path in Path("prepared").glob("*/*.parquet")})
    if not found:
        raise FileNotFoundError("no prepared folder in ./prepared; name one with --data, `facet data prepare` makes it")
    return found


def _plan(recipe: "Recipe") -> dict[str, Any]:
    """The resolved recipe, the losses that count in its stage, and the size of each network."""
    from model.face_model import FaceModel
    from training.losses.objective import Objective

    objective = Objective(recipe, people=1)
    networks = dict(FaceModel(recipe.network).named_children())
    networks |= {f"{critic}_critic": network for critic, network in objective.critics.items()}
    counts = {part: sum(parameter.numel() for parameter in network.parameters()) for part, network in networks.items()}
    return {
        "recipe": recipe.to_data(),
        "losses": {loss: getattr(recipe.weights, loss) for loss in objective.losses},
        "parameters": counts,
        "megabytes": {part: round(4 * count / 1e6, 2) for part, count in counts.items()},
    }


def _origin(runs: Path, start: str | None) -> Path | None:
    """The folder of a run by its name, or a model file by its path."""
    if start is None:
        return None
    return Path(start) if start.endswith(".safetensors") else runs / start


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
