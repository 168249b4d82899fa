"""Progress bars on a terminal and in a notebook, silence in a pipe."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


T = TypeVar("T")


def progress(show: bool | None = None) -> "Progress":
    """A bar with a description, a count and the time left, on stderr.

    Without `show` there is one where stderr is a terminal, or in a notebook.
    """
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
        disable=not (console.is_terminal or console.is_jupyter if show is None else show),
    )


def counted(items: Iterable[T], doing: str, total: int | None, show: bool | None = None) -> Iterator[T]:
    """The items, with a bar that counts them as they are taken; `doing` describes it."""
    with progress(show) as bar:
        task = bar.add_task(doing, total=total, note="")
        for item in items:
            yield item
            bar.advance(task)


def follow(bar: "Progress", task: "TaskID", counts: Mapping[str, int | None]) -> None:
    """Show how far a job has come."""
    bar.update(task, completed=counts.get("done") or 0, total=counts.get("total"))
