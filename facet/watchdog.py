"""Starts the process anew when its model is stuck, which nothing inside the process can mend."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

_SECONDS = 1.0
"""Between two looks."""
GRACE_SECONDS = 3.0
"""For which readiness is already false, so that nobody sends more, and what does not need the model may end."""

logger = logging.getLogger("facet.watchdog")


class Watchdog:
    """Looks once a second whether something is stuck; once it has been for a while the process begins again.

    What hangs in a driver cannot be cancelled and its thread not ended, so the program is replaced as a whole, with
    the same arguments: requests under way are cut off, and all that was acknowledged is on the disk.
    """

    def __init__(self, stuck: Callable[[], bool]) -> None:
        self._stuck = stuck
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look, until the process ends."""
        self._thread.start()

    def _watch(self) -> None:
        while True:
            time.sleep(_SECONDS)
            if not self._stuck():
                continue
            logger.critical("the model is stuck; starting anew in %g s", GRACE_SECONDS)
            time.sleep(GRACE_SECONDS)
            if self._stuck():
                _begin_again()


def _begin_again() -> NoReturn:
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
