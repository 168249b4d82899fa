"""The `facet` command; each group of commands is a module here that imports what is heavy only when it runs."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from facet import __version__
from facet.cli.faces import compare, draw, embed, sheets, stimuli
from facet.cli.gallery import backup, demo, gallery, importing
from facet.cli.models import audit, data, detector, evaluate, model, train
from facet.cli.service import keys, openapi, serve, worker
from model.errors import FacetError

SERVICE, FACES, GALLERY, MODELS = "The service", "Faces", "The gallery", "Models"
"""The headings under which `facet --help` lists the commands."""

EPILOG = """Each command has a --help with an example. Exit codes: 0 done; 1 failed, and standard error says why;
2 wrong use; 3 the answer is no."""


class FacetGroup(TyperGroup):
    """Commands under headings, whose domain errors are one line on stderr and exit code 1, not a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except FacetError as error:
            typer.echo(f"facet: {error.message}", err=True)
            raise typer.Exit(1) from error

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """All that there is on one screen: no line stays empty, and the options, which are plain, share one."""
        width = max(len(name) for name in self.commands)
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            heading = getattr(command, "rich_help_panel", None) or "Other"
            sections.setdefault(heading, []).append(
                (name.ljust(width), command.get_short_help_str(formatter.width - width - 6))
            )
        formatter.write_paragraph()
        for heading, lines in sections.items():
            formatter.write_heading(heading)
            with formatter.indentation():
                formatter.write_dl(lines)
        options = [option for parameter in self.get_params(ctx) for option in parameter.opts]
        formatter.write_usage("Options:", " ".join(options), prefix="")


app = typer.Typer(
    name="facet",
    cls=FacetGroup,
    help="Faces as 99 numbers: search, edit and draw them by pose, identity, expression and style.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
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


app.command("serve", cls=serve.ServeCommand, rich_help_panel=SERVICE)(serve.serve)
app.command("worker", rich_help_panel=SERVICE)(worker.worker)
app.add_typer(keys.app, name="keys", rich_help_panel=SERVICE)
app.command("openapi", rich_help_panel=SERVICE)(openapi.openapi)
app.command("embed", rich_help_panel=FACES)(embed.embed)
app.command("reconstruct", rich_help_panel=FACES)(draw.reconstruct)
app.command("edit", rich_help_panel=FACES)(draw.edit)
app.command("generate", rich_help_panel=FACES)(draw.generate)
app.add_typer(sheets.app, name="draw", rich_help_panel=FACES)
app.add_typer(stimuli.app, name="stimuli", rich_help_panel=FACES)
app.command("verify", rich_help_panel=FACES)(compare.verify)
app.command("search", rich_help_panel=GALLERY)(compare.search)
app.command("demo", rich_help_panel=GALLERY)(demo.demo)
app.command("import", rich_help_panel=GALLERY)(importing.import_)
app.command("export", rich_help_panel=GALLERY)(importing.export)
app.command("backup", rich_help_panel=GALLERY)(backup.backup)
app.command("restore", rich_help_panel=GALLERY)(backup.restore)
app.add_typer(gallery.app, name="gallery", rich_help_panel=GALLERY)
app.add_typer(data.app, name="data", rich_help_panel=MODELS)
app.command("audit", rich_help_panel=MODELS)(audit.audit)
app.command("train", rich_help_panel=MODELS)(train.train)
app.add_typer(evaluate.app, name="evaluate", rich_help_panel=MODELS)
app.add_typer(model.app, name="model", rich_help_panel=MODELS)
app.add_typer(detector.app, name="detector", rich_help_panel=MODELS)
