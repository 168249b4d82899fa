"""What it costs to have the model in another process: the same requests to both deployments on the same cores.

    python -m benchmarks.throughput --seconds 10 --to throughput.json

Both run at the same time and are asked in turn, so that whatever else the machine does meets both. The caller speaks
HTTP by hand, because a library's client would take a good part of the processor.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.deployment import Deployment, deployment
from tests.faces import draw_face, jpeg
from tests.processes import ROOT

LEAST_SHARE = 0.8
"""Of the embedded mode's throughput that the distributed one must have."""
MOST_ADDED_MS = 6.0
"""That the distributed mode may add to the median time of a request to an idle system."""
ROUNDS = 3


class Caller:
    """One connection that asks the same thing again and again."""

    def __init__(self, port: int, picture: bytes) -> None:
        self._port = port
        head = f"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}"
        self._request = head.encode() + b"\r\n\r\n" + picture
        self.seconds: list[float] = []

    async def ask_until(self, end: float) -> None:
        """Ask until a time; every answer must be good."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            while (begun := time.perf_counter()) < end:
                writer.write(self._request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head, re.I)
                assert length is not None
                await reader.readexactly(int(length[1]))
                assert head.startswith(b"HTTP/1.1 200"), head
                self.seconds.append(time.perf_counter() - begun)
        finally:
            writer.close()


class Measure(NamedTuple):
    """What some callers got."""

    answers: int
    per_second: float
    median_ms: float


def ask(url: str, picture: bytes, concurrency: int, seconds: float) -> Measure:
    """Ask a service for some seconds."""

    async def crowd() -> list[Caller]:
        callers = [Caller(int(url.rpartition(":")[2]), picture) for _ in range(concurrency)]
        end = time.perf_counter() + seconds
        await asyncio.gather(*(caller.ask_until(end) for caller in callers))
        return callers

    begun = time.perf_counter()
    times = [each for caller in asyncio.run(crowd()) for each in caller.seconds]
    return Measure(len(times), len(times) / (time.perf_counter() - begun), 1000 * statistics.median(times))


def _compare(service: Deployment, embedded: str, distributed: str, options: argparse.Namespace) -> dict[str, Any]:
    picture = jpeg(draw_face(seed=1))
    for url in (embedded, distributed):
        ask(url, picture, options.concurrency, 1.0)
    idle: dict[str, list[float]] = {embedded: [], distributed: []}
    busy: dict[str, list[float]] = {embedded: [], distributed: []}
    cpu: dict[str, list[float]] = {embedded: [], distributed: []}
    moved: list[float] = []
    for _ in range(ROUNDS):
        for url in (embedded, distributed):
            idle[url].append(ask(url, picture, 1, options.seconds / 2).median_ms)
            processes = _processes(service, url == distributed)
            bytes_before, cpu_before = _redis_bytes(service), sum(map(_cpu_seconds, processes))
            measure = ask(url, picture, options.concurrency, options.seconds)
            busy[url].append(measure.per_second)
            cpu[url].append(1000 * (sum(map(_cpu_seconds, processes)) - cpu_before) / measure.answers)
            if url == distributed:
                moved.append((_redis_bytes(service) - bytes_before) / measure.answers)
    rates = {url: statistics.median(found) for url, found in busy.items()}
    times = {url: statistics.median(found) for url, found in idle.items()}
    return {
        "model": options.model or "bundled",
        "picture_bytes": len(picture),
        "embedded_per_second": round(rates[embedded], 1),
        "distributed_per_second": round(rates[distributed], 1),
        "share": round(rates[distributed] / rates[embedded], 3),
        "embedded_idle_ms": round(times[embedded], 2),
        "distributed_idle_ms": round(times[distributed], 2),
        "added_ms": round(times[distributed] - times[embedded], 2),
        "embedded_cpu_ms_per_face": round(statistics.median(cpu[embedded]), 2),
        "distributed_cpu_ms_per_face": round(statistics.median(cpu[distributed]), 2),
        "redis_bytes_per_face": round(statistics.median(moved)),
        "rounds": {"embedded": busy[embedded], "distributed": busy[distributed]},
    }


def _processes(service: Deployment, distributed: bool) -> list[int]:
    """The processes that answer, Redis not among them: of two API processes the first is embedded."""
    if not distributed:
        return [service.apis[0].pid]
    return [service.apis[1].pid, *(worker.pid for worker in service.workers["inference"])]


def _cpu_seconds(pid: int) -> float:
    """Processor time that a process has used; unlike wall time it tells little of what else the machine does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _redis_bytes(service: Deployment) -> int:
    """What came into Redis and went out of it until now."""
    with service.redis.client() as client:
        stats = client.info("stats")
    return int(stats["total_net_input_bytes"]) + int(stats["total_net_output_bytes"])  # type: ignore[index]


def _memory(pid: int) -> float:
    """The most that a process has held, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _start(mode: str) -> float:
    """Processor seconds until the application of a mode is imported and made."""
    code = "from facet.asgi import create_app; create_app().state.gallery.close()"
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "FACET_DATA_DIR": folder, "FACET_MODEL": "dummy"}
        environment |= {"FACET_INFERENCE": mode, "FACET_SEARCH": mode}
        before = os.times()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment)
        after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def main() -> None:
    """Measure and print; a bar that is missed is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each of three rounds")
    parser.add_argument("--model", default="", help="a checkpoint's path, or `dummy`; the bundled weights if unset")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        service = stack.enter_context(deployment(place, apis=0, workers=1, searchers=0, model=options.model))
        local = {"FACET_SEARCH": "local", "FACET_MODEL": options.model}
        embedded = service.start_api(FACET_INFERENCE="local", FACET_DATA_DIR=str(place / "embedded"), **local)
        distributed = service.start_api(**local)
        service.ready()
        report = _compare(service, embedded, distributed, options)
        report["embedded_mib"], report["api_mib"] = (round(_memory(api.pid)) for api in service.apis)
    report["embedded_start_cpu_seconds"] = round(_start("local"), 2)
    report["api_start_cpu_seconds"] = round(_start("celery"), 2)
    text = json.dumps(report, indent=2)
    print(text)
    if options.to is not None:
        options.to.write_text(text + "\n")
    if report["share"] < LEAST_SHARE or report["added_ms"] > MOST_ADDED_MS:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
