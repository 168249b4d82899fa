import subprocess
import sys

PROGRAM = """
import time
from worker.queue import process
process.LONG_SECONDS = 0.1
process._say_where_it_stands()
def slow_end(): time.sleep(1.0)
slow_end()
"""


def test_a_worker_that_does_not_end_says_where_it_stands() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert "in slow_end" in done.stderr
