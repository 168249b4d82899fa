"""The queue under many API processes: python -m benchmarks.queue --clients 1 10 100.

As many clients with connections of their own stand for API processes. First they are idle; then all their calls of one
picture wait while no worker takes any, as if all were busy; then workers come whose device takes 10 ms for a batch of
up to 64 pictures, and the queue is never empty until the end. Calls of one client wait for each other and share tasks;
of many clients each call is a task of its own.

The rate is the device's, from its first batch to its last: what clients take of the processors, which as many hosts
would have, is told beside it. Mean batches and bytes say the same on a busy machine; rates and times do not, and where
the processors cannot keep up with the device a longer `--device-ms` takes them out of the comparison.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks.queue.clients import Clients
from benchmarks.queue.device import BATCH, MILLISECONDS, MODEL
from benchmarks.tools.process_usage import cpu_seconds
from benchmarks.tools.report import Table
from tests.processes import RedisServer, free_port, redis_server, worker_process
from worker.queue.codec import BEFORE, pack
from worker.queue.connections import connect
from worker.queue.heartbeat import Heartbeat, new_worker_id
from worker.queue_names import INFERENCE_QUEUE, model_queue

LEAST_BATCH, LEAST_SHARE, MOST_KB, MOST_PERCENT = 40, 0.9, 10, 1
"""The bars: mean batch and rate of the most clients, and what one costs that is idle or waits."""
HEARTBEATS_SECONDS = 2.0
"""In which every worker has told what it is; from then on it only says that it lives."""
SETTLED_SECONDS = 1.0
"""For so long the queue must have grown no more before it counts as full."""


class Usage(NamedTuple):
    """What an API process takes in a second."""

    kilobytes: float
    """That go into Redis and come out of it."""
    percent: float
    """Of a processor."""


class Outcome(NamedTuple):
    """What a number of clients gave."""

    idle: Usage
    waiting: Usage
    tasks: int
    """That the queue held when all waited."""
    batch: float
    """Pictures on the device at once, in the mean."""
    rate: float
    """Pictures a second."""
    median_wait: float
    last_wait: float
    picture_bytes: float
    """Of Redis' traffic for each picture, from the moment at which a worker comes."""
    api_ms: float
    """Processor time for each picture: of the clients, from its sending on."""
    worker_ms: float


def _moved(server: RedisServer) -> int:
    """Bytes that came into Redis and went out of it until now."""
    with server.client() as client:
        stats = client.info("stats")
    return int(stats["total_net_input_bytes"]) + int(stats["total_net_output_bytes"])


def _waiting_tasks(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.llen(INFERENCE_QUEUE))


def _per_second(server: RedisServer, seconds: float) -> float:
    before, begun = _moved(server), time.monotonic()
    time.sleep(seconds)
    return (_moved(server) - before) / (time.monotonic() - begun)


def _usage(server: RedisServer, clients: Clients, seconds: float, others: float) -> Usage:
    """What each client takes now, beside the bytes a second of others."""
    before, begun = cpu_seconds(clients.pid), time.monotonic()
    moved = _per_second(server, seconds) - others
    percent = 100 * (cpu_seconds(clients.pid) - before) / (time.monotonic() - begun)
    return Usage(moved / 1000 / clients.count, percent / clients.count)


def _settle(server: RedisServer, clients: Clients) -> int:
    """Wait until every call is in the queue; gives how many tasks they are."""
    tasks, since = 0, time.monotonic()
    # Of several clients each call is a task; those of one share tasks, and who can tell how many.
    while tasks < (clients.pictures if clients.count > 1 else 1) or time.monotonic() - since < SETTLED_SECONDS:
        time.sleep(0.05)
        clients.check()
        now = _waiting_tasks(server)
        if now != tasks:
            tasks, since = now, time.monotonic()
    return tasks


@contextmanager
def _heartbeats(url: str, count: int) -> Iterator[None]:
    """Workers that live and take nothing."""
    with closing(connect(url)) as redis, ExitStack() as stack:
        queues = [INFERENCE_QUEUE, model_queue(MODEL.id)]
        for _ in range(count):
            about = pack(MODEL, BEFORE)
            heartbeat = Heartbeat(redis, queues, new_worker_id(about), about)
            stack.enter_context(closing(heartbeat)).start()
        yield


class Devices:
    """What the devices of some workers did, by the metrics of the workers."""

    def __init__(self, ports: list[int]) -> None:
        self._texts = [httpx.get(f"http://127.0.0.1:{port}/metrics").text for port in ports]

    def mean_batch(self) -> float:
        """Pictures on a device at once."""
        return sum(self._values("facet_batch_size_sum")) / sum(self._values("facet_batch_size_count"))

    def seconds(self) -> float:
        """From the first batch of any to the last."""
        return max(self._device("ended")) - min(self._device("begun"))

    def cpu_seconds(self) -> float:
        """Processor time of the workers meanwhile."""
        return sum(self._device("cpu_ended")) - sum(self._device("cpu_begun"))

    def _device(self, what: str) -> list[float]:
        return self._values(f'benchmark_device_seconds{{what="{what}"}}')

    def _values(self, name: str) -> list[float]:
        return [float(found) for text in self._texts for found in re.findall(f"^{re.escape(name)} (.+)$", text, re.M)]


def measure(count: int, options: argparse.Namespace) -> Outcome:
    """So many clients before a Redis and workers of their own."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        server = stack.enter_context(redis_server(place))
        # They end before the others come, which take their share of the queue by the number of workers that live.
        heartbeats = stack.enter_context(ExitStack())
        heartbeats.enter_context(_heartbeats(server.url, options.heartbeats))
        time.sleep(HEARTBEATS_SECONDS)
        others = _per_second(server, options.seconds)
        clients = stack.enter_context(Clients(server.url, count, options.pictures))
        idle = _usage(server, clients, options.seconds, others)
        cpu_before = cpu_seconds(clients.pid)
        clients.send()
        tasks = _settle(server, clients)
        sending = cpu_seconds(clients.pid) - cpu_before
        waiting = _usage(server, clients, options.seconds, others)
        heartbeats.close()
        moved, cpu_before = _moved(server), cpu_seconds(clients.pid)
        ports = [free_port() for _ in range(options.workers)]
        commands = [_worker(options.device_ms, port) for port in ports]
        for command in commands:
            stack.enter_context(worker_process(server, place, command))
        answered = clients.answered()
        answering = cpu_seconds(clients.pid) - cpu_before
        devices = Devices(ports)
        return Outcome(
            idle,
            waiting,
            tasks,
            devices.mean_batch(),
            options.pictures / devices.seconds(),
            answered["median_wait"],
            answered["last_wait"],
            (_moved(server) - moved) / options.pictures,
            1000 * (sending + answering) / options.pictures,
            1000 * devices.cpu_seconds() / options.pictures,
        )


def _worker(device_ms: float, port: int) -> list[str]:
    options = ["--device-ms", str(device_ms), "--metrics-port", str(port)]
    return [sys.executable, "-m", "benchmarks.queue.device", *options]


def report(outcomes: dict[int, Outcome], facts: dict[str, Any]) -> Table:
    """The figures of each number of clients, and the bars of the largest."""
    table, most = Table("The queue", facts=facts), max(outcomes)
    for count, found in outcomes.items():
        bars = count == most
        kilobytes, percent = (MOST_KB, MOST_PERCENT) if bars else (None, None)
        who = f"{count} clients: "
        table.add(f"{who}tasks that wait", found.tasks)
        for state, usage in (("idle", found.idle), ("waiting", found.waiting)):
            table.add(f"{who}traffic of one, {state}", usage.kilobytes, "kB/s", at_most=kilobytes)
            table.add(f"{who}processor time of one, {state}", usage.percent, "%", at_most=percent)
        table.add(f"{who}mean batch", found.batch, f"of {BATCH}", at_least=LEAST_BATCH if bars else None)
        table.add(f"{who}rate", found.rate, "/s")
        table.add(f"{who}median wait", found.median_wait, "s")
        table.add(f"{who}99th percentile of the wait", found.last_wait, "s")
        table.add(f"{who}through Redis a picture", found.picture_bytes / 1000, "kB")
        table.add(f"{who}processor time of clients a picture", found.api_ms, "ms")
        table.add(f"{who}processor time of workers a picture", found.worker_ms, "ms")
    if len(outcomes) > 1:
        share = outcomes[most].rate / outcomes[min(outcomes)].rate
        table.add(f"rate of {most} clients over {min(outcomes)}", share, at_least=LEAST_SHARE)
    return table


def main() -> None:
    """Measure and print; a bar that is missed is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--pictures", type=int, default=10_000, help="that all clients together ask for")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--heartbeats", type=int, default=50, help="workers beside these that live and take nothing")
    parser.add_argument("--device-ms", type=float, default=MILLISECONDS, help="that a batch takes")
    parser.add_argument("--seconds", type=float, default=5.0, help="for which idle and waiting clients are watched")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    outcomes = {count: measure(count, options) for count in options.clients}
    facts = {name: value for name, value in vars(options).items() if name != "to"}
    report(outcomes, facts).finish(options.to)


if __name__ == "__main__":
    main()
