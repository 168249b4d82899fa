"""Parts that go well, badly, and not at all, for processes of their own."""

import os
import subprocess
import sys
import time

from benchmarks.gpu.task import Rows, Skipped, Task


def good(task: Task) -> Rows:
    """Two rows."""
    yield {"device": task.device, "tiny": str(task.tiny)}
    yield {"seconds": task.seconds}


def bad(task: Task) -> Rows:
    """A row, and then an error."""
    yield {"device": task.device}
    raise RuntimeError("the device is lost")


def endless(task: Task) -> Rows:
    """A row, and then nothing for ever, with a process of its own that hangs as well."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield {"device": task.device, "child": child.pid}
    time.sleep(600)


def dead(task: Task) -> Rows:
    """A process that ends in the middle of a row, as if the driver had ended it."""
    yield {"device": task.device}
    os._exit(5)


def needless(task: Task) -> Rows:
    """Nothing to measure."""
    if task:
        raise Skipped("there is no such package")
    yield {}
