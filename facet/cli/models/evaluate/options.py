"""What the protocols of `facet evaluate` share: the group of commands, their options, and how a report is delivered."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from model.engine.backend import Backend
    from training.evaluation.faces import Faces
    from training.evaluation.report import Report


class SummaryByDefault(TyperGroup):
    """Protocols by name; without a name, the summary."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names:
            args = ["summary", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SummaryByDefault,
    help="Measure a model: `facet evaluate --data …` for the summary, or one protocol in depth.",
    no_args_is_help=True,
)

Data = Annotated[list[Path], typer.Option(help="A prepared folder; may be repeated.")]
Model = Annotated[str, typer.Option(help="A model file; the bundled one by default.")]
To = Annotated[Path, typer.Option(help="The folder for the figures (JSON) and the plot (PNG).")]
EVALUATION = Path("evaluation")
Pairs = Annotated[Path, typer.Option(exists=True, help="LFW's pairs.txt.")]
Fold = Annotated[int, typer.Option(min=1, help="The fold whose people were held out.")]
Judged = Annotated[bool, typer.Option("--judges", help="Let other networks judge the pictures (extra `label`).")]
Landmarker = Annotated[Path | None, typer.Option(help="Face Landmarker's file, for --judges.")]
Outside = Annotated[
    Path | None,
    typer.Option(help="faceres.json of npm's @vladmandic/human: a network that no training used looks too."),
]
Size = Annotated[int | None, typer.Option(min=16, help="Pixels to compare at; the drawing size by default.")]


def faces_of(backend: "Backend", data: Sequence[Path], split: str, size: int | None = None) -> "Faces":
    """The crops of one split of prepared folders, at the drawing size or another one, as the model sees them."""
    from training.evaluation.faces import see
    from training.evaluation.splits import load_split

    side = size or backend.image_size
    return see(backend, load_split(data, split, side), side)


def deliver(report: "Report", folder: Path) -> None:
    """Show a report, and write it into a folder."""
    typer.echo(report.text())
    for path in report.save(folder):
        typer.echo(path)
