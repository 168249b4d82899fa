"""Ends the process, or starts it anew, when its model fails in a way that nothing inside the process can mend."""

import logging
import os
import sys
import threading
import time
from typing import NoReturn, Protocol, runtime_checkable

from worker.interface import EXIT_BROKEN

_SECONDS = 1.0
"""Between two looks."""
GRACE_SECONDS = 3.0
"""For which readiness is already false, so that nobody sends more, and what does not need the model may end."""

logger = logging.getLogger("facet.process.watchdog")


@runtime_checkable
class Mortal(Protocol):
    """What may fail for good."""

    def stuck(self) -> bool:
        """Whether it does not come to an end with what it does."""

    def broken(self) -> bool:
        """Whether it fails at everything."""


class Watchdog:
    """Looks once a second whether a model is stuck or broken; once it has been for a while the process ends.

    What hangs in a driver cannot be cancelled and its thread not ended, so the program is replaced as a whole, with
    the same arguments. Of a broken device little is known, not even whether it gives back its memory: the process ends,
    and its supervisor starts another. Requests under way are cut off, and all that was acknowledged is on the disk.
    """

    def __init__(self, model: Mortal) -> None:
        self._model = model
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look, until the process ends."""
        self._thread.start()

    def _watch(self) -> None:
        while True:
            time.sleep(_SECONDS)
            if self._model.broken():
                logger.critical("the model's device has failed; the process ends in %g s", GRACE_SECONDS)
                time.sleep(GRACE_SECONDS)
                os._exit(EXIT_BROKEN)
            if not self._model.stuck():
                continue
            logger.critical("the model is stuck; starting anew in %g s", GRACE_SECONDS)
            time.sleep(GRACE_SECONDS)
            if self._model.stuck():
                _begin_again()


def watch(inference: object) -> None:
    """Watch an inference, where the model is in this process."""
    if isinstance(inference, Mortal):
        Watchdog(inference).start()


def _begin_again() -> NoReturn:
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
