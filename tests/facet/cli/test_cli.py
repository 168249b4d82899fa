import subprocess
import sys

import typer
from typer.testing import CliRunner

from facet import __version__
from facet.cli import FacetGroup, app
from facet.settings import Settings
from model.errors import Unavailable


def test_the_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"{__version__}\n")


def test_help_of_serve_lists_every_setting() -> None:
    result = CliRunner().invoke(app, ["serve", "--help"])
    assert result.exit_code == 0
    assert all(f"FACET_{name.upper()} " in result.output for name in Settings.model_fields)


def test_a_domain_error_is_one_line_and_exit_code_1() -> None:
    failing = typer.Typer(cls=FacetGroup)

    @failing.callback()
    def group() -> None:
        pass

    @failing.command()
    def fail() -> None:
        raise Unavailable("cannot do this now")

    result = CliRunner().invoke(failing, ["fail"])
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "facet: cannot do this now\n")


def test_the_command_itself_imports_nothing_heavy() -> None:
    program = (
        "import sys, facet.cli; print(*{'torch', 'cv2', 'fastapi', 'faiss', 'pydantic', 'numpy'} & {*sys.modules})"
    )
    output = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
    assert output.stdout.split() == []
