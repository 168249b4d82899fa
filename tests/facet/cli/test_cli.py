import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from facet import __version__
from facet.cli import FacetGroup, app
from facet.settings import Settings
from model.errors import Unavailable
from service.security.key_store import KeyStore
from service.security.scopes import Scope
from tests.service.serving import dummy_app, serving


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


HEAVY = {"torch", "cv2", "fastapi", "faiss", "pydantic", "numpy", "httpx", "rich", "sqlalchemy", "http.client"}


def test_the_help_imports_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "facet", "--help"]
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert imported & HEAVY == set()


def commands(command: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command below one, with its name in full."""
    for name, below in getattr(command, "commands", {}).items():
        if hasattr(below, "commands"):
            yield from commands(below, *path, name)
        if not hasattr(below, "commands") or below.invoke_without_command:
            yield " ".join([*path, name]), below


COMMANDS = dict(commands(typer.main.get_command(app), "facet"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(name: str) -> None:
    # `facet evaluate` without a name is the summary; variables may stand before a command.
    shown = rf"Example: (\w+=\S+ )*{name.removesuffix(' summary')}"
    assert re.search(shown, " ".join(COMMANDS[name].help.split()))


def test_the_help_fits_a_screen_and_every_command_has_a_heading() -> None:
    lines = CliRunner().invoke(app, ["--help"]).output.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert "Other:" not in lines


@pytest.mark.parametrize(("words", "expected"), [("facet rec", "reconstruct"), ("facet embed --for", "--format")])
def test_the_shell_completes(words: str, expected: str) -> None:
    environment = {"_FACET_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = [sys.executable, "-c", "from facet.cli import app; app(prog_name='facet')"]
    environment = os.environ | environment
    done = subprocess.run(command, env=environment, check=False, timeout=60, capture_output=True, text=True)
    assert done.stdout.split() == [expected]


def test_the_key_of_a_running_service_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    guarded = dummy_app(tmp_path)
    _, token = KeyStore(guarded.state.gallery.database).create("command line", [Scope.ADMIN])
    with serving(guarded) as client:
        monkeypatch.setenv("FACET_URL", str(client.base_url))
        refused = CliRunner().invoke(app, ["demo"])
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
        assert "API key" in refused.stderr
        monkeypatch.setenv("FACET_API_KEY", token)
        assert CliRunner().invoke(app, ["demo"]).exit_code == 0
