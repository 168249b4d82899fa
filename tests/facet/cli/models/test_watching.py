import io

import pytest
from rich.console import Console
from rich.progress import Progress

from facet.cli.models import watching
from training.loop import Report
from training.recipe import Recipe

RECIPE = Recipe("joint", 4)


def seen(monkeypatch: pytest.MonkeyPatch, terminal: bool, silent: bool = False) -> str:
    """What two steps of four leave on a console."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100)
    monkeypatch.setattr(watching, "progress", lambda: Progress(*columns, console=console))
    columns = [*Progress.get_default_columns(), "{task.fields[note]}"]
    with watching.watching("mine", RECIPE, silent) as show:
        for step in (1, 2):
            show(Report(step, {"reconstruction": 0.125, "pose": 0.5 * step}, 123.4, 0.02))
    return stream.getvalue()


def test_a_person_sees_speed_and_loss_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    text = seen(monkeypatch, terminal=True)
    assert "joint mine" in text
    assert "50%" in text
    assert "123 images/s, 2% of it waiting" in text
    assert "reconstruction 0.125  pose 1" in text


def test_a_pipe_and_another_process_see_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(monkeypatch, terminal=False) == ""
    assert seen(monkeypatch, terminal=True, silent=True) == ""
