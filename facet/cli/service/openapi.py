"""`facet openapi`: the description of the HTTP interface."""

import json
import tempfile
from pathlib import Path

import typer


def openapi() -> None:
    """Print the OpenAPI document.

    Example: facet openapi > openapi.json
    """
    from facet.asgi import create_app
    from facet.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'facet.db'}"
        app = create_app(Settings.load(model="dummy", inference="local", data_dir=Path(folder), database_url=database))
        try:
            typer.echo(json.dumps(app.openapi(), indent=2, sort_keys=True))
        finally:
            app.state.gallery.close()
