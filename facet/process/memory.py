"""How a process that serves for months takes memory from the system."""

import contextlib
import ctypes

_M_ARENA_MAX = -8
"""The number of the option in glibc's malloc.h."""
ARENAS = 2


def take_evenly() -> None:
    """Have all threads share a few arenas of glibc's malloc; elsewhere this does nothing.

    By default each of the first threads, eight for a core, has an arena of its own that fragments by itself: the memory
    of a service with dozens of threads then grows for hours, though nothing more is held.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
