from pathlib import Path

from typer.testing import CliRunner

from facet.cli import app

COMMITTED = Path(__file__).parents[4] / "openapi.json"


def test_the_committed_document_is_current() -> None:
    printed = CliRunner().invoke(app, ["openapi"]).stdout
    assert printed == COMMITTED.read_text("utf-8"), "run `facet openapi > openapi.json`"
