"""The same done with each of many pictures, several at a time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import typer

from facet.progress import progress
from facet_client.errors import (
    CrashedWorker,
    ImageTooLarge,
    ImageTooSmall,
    NoFace,
    UnreadableImage,
    UnsupportedImage,
)

T = TypeVar("T")

AT_ONCE = 8
"""Pictures under way at a time: enough to fill the networks' batches."""

OF_THE_PICTURE = (CrashedWorker, ImageTooLarge, ImageTooSmall, NoFace, UnreadableImage, UnsupportedImage)
"""Failures after which other pictures may well succeed."""


def each_picture(paths: Sequence[Path], doing: str, work: Callable[[Path], T]) -> Iterator[tuple[Path, T | None]]:
    """Each picture in its order with what the work gives; with None, and a line on standard error, where it failed.

    `doing` names the progress bar. Raises the first failure that is not the picture's own.
    """

    def attempt(path: Path) -> T | str:
        try:
            return work(path)
        except OF_THE_PICTURE as error:
            return f"{path}: {error.message}"

    with progress() as bar, ThreadPoolExecutor(AT_ONCE) as pool:
        task = bar.add_task(doing, total=len(paths), note="")
        for path, result in zip(paths, pool.map(attempt, paths), strict=True):
            if isinstance(result, str):
                typer.echo(result, err=True)
                yield path, None
            else:
                yield path, result
            bar.advance(task)
