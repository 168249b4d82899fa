import os
import signal
import subprocess
import sys
from pathlib import Path

from facet.process.early_stop import ended_by_sigterm
from tests.processes import wait_until

SIGTERM_CODE = 128 + signal.SIGTERM
DEAF = ["sh", "-c", 'trap "" TERM; exec "$@"', "deaf"]
"""Before a command: as the kernel keeps signals from the first process of a container that has no handler for them."""


def test_inside_the_signal_ends_a_process_that_was_deaf_to_it() -> None:
    program = """
import time
from facet.process.early_stop import ended_by_sigterm
with ended_by_sigterm():
    print("inside", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([*DEAF, sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == SIGTERM_CODE


def test_a_worker_that_loads_its_model_ends_at_once(tmp_path: Path) -> None:
    model = tmp_path / "endless.safetensors"
    os.mkfifo(model)  # whoever opens it waits for what is never written
    command = [*DEAF, sys.executable, "-m", "facet", "worker", "--model", str(model)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        writers: list[int] = []
        wait_until(lambda: _is_read(model, writers))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == SIGTERM_CODE
        os.close(writers.pop())


def test_afterwards_all_is_as_it_was_and_what_others_set_stays() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ended_by_sigterm():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    try:
        with ended_by_sigterm():
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_read(pipe: Path, writers: list[int]) -> bool:
    """Whether somebody has opened a pipe to read it; then it is held open, as otherwise they would see its end."""
    try:
        writers.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True
