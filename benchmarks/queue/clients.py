"""The queue's clients of many API processes, in one process whose time and traffic are shared among them.

Run by `benchmarks.queue`: says `ready` when all are connected, sends all calls when a line comes, and prints the times
of the answers as JSON when the last has come.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from contextlib import AsyncExitStack
from subprocess import PIPE, Popen
from typing import Self

import numpy as np

from benchmarks.queue.device import BATCH
from tests.processes import ROOT
from worker.queue.client import QueueClient
from worker.queue_names import INFERENCE_QUEUE

PICTURE = bytes(2500)
"""As many bytes as a JPEG of 64 pixels has."""
TIMEOUT = 600.0


class Clients:
    """So many clients in a process of their own."""

    def __init__(self, url: str, count: int, pictures: int) -> None:
        """They will ask for so many pictures together, each picture in a call of its own."""
        options = ["--clients", str(count), "--pictures", str(pictures), "--redis-url", url]
        self.count, self.pictures = count, pictures
        command = [sys.executable, "-m", "benchmarks.queue.clients", *options]
        self._process = Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True)
        self.pid = self._process.pid
        assert self._line() == "ready"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def send(self) -> None:
        """Have all calls made."""
        assert self._process.stdin is not None
        self._process.stdin.write("send\n")
        self._process.stdin.flush()

    def check(self) -> None:
        """Raises RuntimeError if the process has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"the clients ended with {self._process.returncode}")

    def answered(self) -> dict[str, float]:
        """Wait for the last answer; what became of the calls."""
        report: dict[str, float] = json.loads(self._line())
        return report

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


async def _run(url: str, count: int, pictures: int) -> None:
    # Where few pictures come to each of many processes, none waits for another there: each is a task of its own.
    together = BATCH if count == 1 else 1
    clients = [
        QueueClient(url, INFERENCE_QUEUE, timeout=TIMEOUT, max_batch=together, max_queue=pictures) for _ in range(count)
    ]
    async with AsyncExitStack() as stack:
        for client in clients:
            await client.start()
            stack.push_async_callback(client.close)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for client in clients:
            await client.workers()  # as an API process has read them before it is sent requests
        begun = time.monotonic()
        times = await asyncio.gather(*(_ask(clients[number % count]) for number in range(pictures)))
        waits = np.array(times) - begun
        report = {
            "median_wait": statistics.median(waits),
            "last_wait": float(np.percentile(waits, 99)),
        }
        print(json.dumps(report), flush=True)


async def _ask(client: QueueClient) -> float:
    """When a picture was answered."""
    [[face]] = await client.ask("embed", 1, {"images": [PICTURE], "align": "none", "max_faces": 1})
    assert face.embedding.dtype == np.float32
    return time.monotonic()


def main() -> None:
    """Run the clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--pictures", type=int, required=True)
    parser.add_argument("--redis-url", required=True)
    options = parser.parse_args()
    asyncio.run(_run(options.redis_url, options.clients, options.pictures))


if __name__ == "__main__":
    main()
