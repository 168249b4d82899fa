"""Something that is done from time to time, in a thread of its own."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from model.errors import FacetError

logger = logging.getLogger("facet.process.gallery")


class Keeper:
    """Asks every so many seconds whether something is due, and does it, until it is closed."""

    def __init__(
        self, due: Callable[[], bool], act: Callable[[], None], seconds: float, *, at_once: bool = False
    ) -> None:
        self._due, self._act, self._seconds, self._at_once = due, act, seconds, at_once
        self._closed = Event()
        self._thread = Thread(target=self._run, name="facet-keeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait until what is being done is done, and do no more."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        if self._at_once:
            self._look()
        while not self._closed.wait(self._seconds):
            self._look()

    def _look(self) -> None:
        try:
            if self._due():
                self._act()
        except FacetError as error:
            logger.warning("what was due is put off: %s", error.message)
        except Exception:  # a failure of one turn must not end all later ones
            logger.exception("what was due failed and is tried again")
