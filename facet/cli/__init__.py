"""The `facet` command; each group of commands is a module here that imports what is heavy only when it runs."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from facet import __version__
from facet.cli import (
    compare,
    data,
    demo,
    detector,
    draw,
    embed,
    evaluate,
    gallery,
    model,
    openapi,
    serve,
    train,
    worker,
)
from model.errors import FacetError


class FacetGroup(TyperGroup):
    """Commands whose domain errors are one line on stderr and exit code 1, not a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except FacetError as error:
            typer.echo(f"facet: {error.message}", err=True)
            raise typer.Exit(1) from error


app = typer.Typer(
    name="facet",
    cls=FacetGroup,
    help="Faces as 99 numbers: search, edit and draw them by pose, identity, expression and style.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _facet(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    pass


app.command("serve", cls=serve.ServeCommand)(serve.serve)
app.command("demo")(demo.demo)
app.command("embed")(embed.embed)
app.command("reconstruct")(draw.reconstruct)
app.command("edit")(draw.edit)
app.command("generate")(draw.generate)
app.command("verify")(compare.verify)
app.command("search")(compare.search)
app.command("worker")(worker.worker)
app.command("openapi")(openapi.openapi)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
groups = {"data": data.app, "model": model.app, "detector": detector.app, "gallery": gallery.app}
for name, group in groups.items():
    app.add_typer(group, name=name)
