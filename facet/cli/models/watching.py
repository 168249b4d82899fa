"""What a person sees of a training while it runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from facet.progress import progress

if TYPE_CHECKING:
    from training.detector.recipe import DetectorRecipe
    from training.loop import Report
    from training.recipe import Recipe


@contextmanager
def watching(
    name: str, recipe: "Recipe | DetectorRecipe", silent: bool = False
) -> "Iterator[Callable[[Report], None]]":
    """A bar with throughput and time left over a line of loss terms, for each step's report; silence in a pipe."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    bar, terms = progress(), Text(style="dim")
    task = bar.add_task(f"{recipe.stage} {name}", total=recipe.steps, note="")

    def show(now: "Report") -> None:
        note = f"{now.images_per_second:.0f} images/s, {now.waiting:.0%} of it waiting"
        bar.update(task, completed=now.step, note=note)
        terms.plain = "  ".join(f"{loss} {value:.3g}" for loss, value in now.losses.items())

    if silent or not bar.console.is_terminal:
        yield lambda _: None
        return
    with Live(Group(bar, terms), console=bar.console, refresh_per_second=4):
        yield show
