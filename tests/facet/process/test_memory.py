"""The arenas of glibc's malloc, which it counts itself."""

import platform
import subprocess
import sys

import pytest

from facet.process.memory import ARENAS

_THREADS = """
import ctypes, threading
{first}
barrier = threading.Barrier(12)
def allocate():
    ctypes.CDLL(None).malloc(1000)
    barrier.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
ctypes.CDLL(None).malloc_stats()
"""


def _arenas(first: str) -> int:
    command = [sys.executable, "-c", _THREADS.format(first=first)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stderr.count("Arena ")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc has arenas")
def test_many_threads_share_few_arenas() -> None:
    assert _arenas("from facet.process.memory import take_evenly; take_evenly()") == ARENAS < _arenas("")
