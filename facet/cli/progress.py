"""Progress bars on a terminal, silence in a pipe."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def progress() -> "Progress":
    """A bar with a description, a count and the time left, on stderr; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,
    )


def follow(bar: "Progress", task: "TaskID", counts: Mapping[str, int | None]) -> None:
    """Show how far a job has come."""
    bar.update(task, completed=counts.get("done") or 0, total=counts.get("total"))
