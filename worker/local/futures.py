"""Waits on an event loop for the futures of a thread pool."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import count
from typing import Any


async def finished(futures: Sequence[Future[Any]]) -> None:
    """Return when all futures are done, with results or errors. If cancelled, cancels those that have not begun.

    The event loop is woken once for all, where `asyncio.wrap_future` would wake it for each.
    """
    if not futures:
        return
    loop = asyncio.get_running_loop()
    all_done = loop.create_future()
    number = count(1)

    def finish() -> None:
        if not all_done.done():
            all_done.set_result(None)

    def note(_: Future[Any]) -> None:
        # One call of `next` is never cut in two, whichever threads make it at once.
        if next(number) == len(futures) and not loop.is_closed():
            loop.call_soon_threadsafe(finish)

    for future in futures:
        future.add_done_callback(note)
    try:
        await all_done
    finally:
        for future in futures:
            future.cancel()
