"""The search worker: keeps a replica of the indexes in step with the store, and searches in it."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from gallery.gallery import Gallery
from gallery.query import Query, Results
from gallery.store.time_limit import ANSWER_SECONDS, limited
from model.errors import Unavailable

FOLLOW_SECONDS = 1.0
"""How often the replica follows the store while nobody asks."""
PATIENCE_SECONDS = 2.0
"""How long a database that lags behind may take to show a write that the caller knows of."""
_LOOK_SECONDS = 0.02

logger = logging.getLogger("facet.worker")


class SearchService:
    """Answers queries from a gallery. All calls come from one event loop."""

    def __init__(self, open_gallery: Callable[[], Gallery]) -> None:
        """Nothing is opened before `start`."""
        self._open_gallery = open_gallery
        self._gallery: Gallery | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bring every embedding into memory. Raises what opening the gallery raises."""
        self._gallery = await asyncio.to_thread(self._open_gallery)
        self._following = asyncio.create_task(self._follow(self._gallery))

    async def close(self) -> None:
        """Close the gallery."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
        gallery, self._gallery = self._gallery, None
        if gallery is not None:
            await asyncio.to_thread(gallery.close)

    async def info(self) -> dict[str, int]:
        """The state of the store that it follows. Raises Unavailable."""
        return {"sequence": await asyncio.to_thread(self._opened().sequence)}

    def broken(self) -> bool:
        """Never: what fails is the database, which comes back."""
        return False

    async def search(self, queries: Sequence[Query], at_least: int) -> list[Results]:
        """The answer to each query, from no state before a number of the store's sequence.

        Raises what `Gallery.search_many` raises, and Unavailable where the database does not get to that state.
        """
        return await asyncio.to_thread(self._search, queries, at_least)

    async def census(self, at_least: int) -> dict[str, int]:
        """How many faces each model made, from no state before a number of the store's sequence."""
        return await asyncio.to_thread(self._census, at_least)

    def _search(self, queries: Sequence[Query], at_least: int) -> list[Results]:
        with limited(ANSWER_SECONDS):
            return self._reached(at_least).search_many(queries)

    def _census(self, at_least: int) -> dict[str, int]:
        with limited(ANSWER_SECONDS):
            return self._reached(at_least).census()

    def _reached(self, at_least: int) -> Gallery:
        """The gallery, once its database, whose latest state every answer is of, has got to a number."""
        gallery, deadline = self._opened(), time.monotonic() + PATIENCE_SECONDS
        while gallery.sequence() < at_least:
            if time.monotonic() > deadline:
                raise Unavailable("The search workers' database lags behind; try again soon.", part="search")
            time.sleep(_LOOK_SECONDS)
        return gallery

    def _opened(self) -> Gallery:
        if self._gallery is None:
            raise Unavailable("The service is starting or stopping; try again soon.")
        return self._gallery

    async def _follow(self, gallery: Gallery) -> None:
        """Keep what a search has to catch up with small, and embeddings that were erased out of the memory."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await asyncio.to_thread(gallery.follow)
            except Unavailable as error:
                logger.warning("%s", error.message)
