"""The service beside what people would otherwise use: LitServe with its batching, and a plain FastAPI route.

    python -m benchmarks.peers --seconds 6 --to peers.json

All serve the bundled networks on the same cores, to the same callers: one aligned picture a request as the raw body, 32
at once, uvloop. The peers read HTTP by httptools, which is faster, Facet by h11, which bounds headers. They run at the
same time and are asked in turn; a peer not asked is stopped. LitServe gets the best of several settings, found in this
run. `plain` peers run the network in torch as anyone would; `engine` peers run it by Facet's own engine, so that their
figures, which have no bar, compare the serving alone. Facet alone finds faces, checks limits and keys, and answers with
everything that it knows of a face.

Published figures of others, which other machines measured: InsightFace-REST embeds 820 pictures a second end to end on
an RTX 4090 (its README, github.com/SthPhoenix/InsightFace-REST). deepface: `benchmarks.peers.photograph`.
"""

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import httpx

from benchmarks.http import ALIGNED, aligned_pictures
from benchmarks.tools.dummy_service import service
from benchmarks.tools.load_generator import Callers, Measure, raw
from benchmarks.tools.report import Table
from tests.processes import ROOT, free_port, wait_until

ROUNDS = 3
CONCURRENCY = 32
PATIENCE = 180.0
"""Seconds in which a peer must have started."""
LEAST_OVER = {"litserve": 1.3, "fastapi": 3.0}
LITSERVE = [("32", "0.002", "1"), ("32", "0.01", "1"), ("16", "0.005", "2")]
"""Batch limits, seconds that a batch waits to be filled, and worker processes, which share the cores."""


class Peer:
    """A server, perhaps in a group of processes that can be stopped and go on."""

    def __init__(self, url: str, path: str, group: int | None = None) -> None:
        self.url, self._group = url, group
        self.requests = [raw(path, picture) for picture in aligned_pictures()]

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Let it run for a while."""
        self._tell(signal.SIGCONT)
        try:
            yield
        finally:
            self._tell(signal.SIGSTOP)

    def _tell(self, what: signal.Signals) -> None:
        if self._group is not None:
            os.killpg(self._group, what)


def _answers(url: str) -> bool:
    try:
        return httpx.post(f"{url}/predict", content=aligned_pictures()[1], timeout=30).status_code == 200
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def peer(module: str, *arguments: str) -> Iterator[Peer]:
    """A peer that answers, and is stopped until it is needed."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.peers.{module}", str(port), *arguments]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: process.poll() is not None or _answers(url), PATIENCE)
            if process.poll() is not None:
                log.seek(0)
                raise RuntimeError(log.read().decode(errors="replace"))
            running = Peer(url, "/predict", process.pid)
            with running.awake():
                pass
            yield running
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ask(callers: Callers, asked: Peer, seconds: float) -> Measure:
    with asked.awake():
        callers.ask(asked.url, asked.requests, CONCURRENCY, min(1.0, seconds))
        return callers.ask(asked.url, asked.requests, CONCURRENCY, seconds)


def _best_litserve(callers: Callers, network: str, seconds: float, table: Table) -> Sequence[str]:
    """The settings with which LitServe answers most."""
    rates = {}
    for settings in LITSERVE:
        with peer("litserve_server", network, *settings) as tried:
            rates[settings] = _ask(callers, tried, seconds / 2).per_second
    table.facts[f"litserve {network}, tried"] = {" ".join(settings): rate for settings, rate in rates.items()}
    return max(rates, key=lambda settings: rates[settings])


def _compare(callers: Callers, peers: dict[str, Peer], seconds: float, table: Table) -> None:
    """Requests a second of each, and how far the first is ahead of the others."""
    rounds: dict[str, list[Measure]] = {name: [] for name in peers}
    for _ in range(ROUNDS):
        for name, asked in peers.items():
            rounds[name].append(_ask(callers, asked, seconds))
    mine = rounds["facet"]
    for name, found in rounds.items():
        table.add(f"{name}: requests a second", statistics.median(each.per_second for each in found), "/s")
        table.add(f"{name}: p95", statistics.median(each.p95_ms for each in found), "ms")
        if name == "facet":
            continue
        kind, network = name.split()
        pairs = list(zip(mine, found, strict=True))
        ratio = statistics.median(ours.per_second / theirs.per_second for ours, theirs in pairs)
        slower = statistics.median(ours.p95_ms / theirs.p95_ms for ours, theirs in pairs)
        held = network == "plain"
        table.add(f"facet over {name}: throughput", ratio, at_least=LEAST_OVER[kind] if held else None)
        table.add(f"facet over {name}: p95", slower, at_most=1.0 if held and kind == "litserve" else None)
    table.facts["rounds"] = {name: [each._asdict() for each in found] for name, found in rounds.items()}


def main() -> None:
    """Measure and print; a bar that is missed is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement in each of three rounds")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    table = Table("Peers", facts={"seconds": options.seconds})
    with contextlib.ExitStack() as stack:
        callers = stack.enter_context(Callers.started())
        best = {network: _best_litserve(callers, network, options.seconds, table) for network in ("plain", "engine")}
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = stack.enter_context(service(place, model=""))
        peers = {"facet": Peer(running.url, ALIGNED)}
        for kind, network in product(LEAST_OVER, ("plain", "engine")):
            settings = best[network] if kind == "litserve" else ()
            peers[f"{kind} {network}"] = stack.enter_context(peer(f"{kind}_server", network, *settings))
        _compare(callers, peers, options.seconds, table)
    table.finish(options.to)


if __name__ == "__main__":
    main()
