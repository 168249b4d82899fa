"""SIGTERM before a process is ready to obey it in its own way."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Inside, the signal ends the process at once, as it ends any that has no handler for it.

    The first process of a container is the exception: the kernel drops its signals where it has no handler, so that
    one that was told to stop while it started would run on until it is killed. What installs a handler meanwhile keeps
    it.
    """
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is _end:
            signal.signal(signal.SIGTERM, before)


def _end(number: int, _: object) -> None:
    os._exit(128 + number)
