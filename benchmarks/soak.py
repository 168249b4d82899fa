"""Mixed load with faults: `python -m benchmarks.soak --seconds 1800 --report soak.json`.

A service on the dummy model is asked to embed, search, enrol and erase by callers that never pause, while it is killed,
stopped for a while, flooded, and left without room on its disk. In the end every face whose enrolment was acknowledged
must be there and no erased one, memory must be flat, and after each fault the service must soon be as fast as before.
It is killed at the beginning and the end alone: memory is that of one process for most of the time.
"""

import argparse
import asyncio
import collections
import contextlib
import itertools
import json
import os
import random
import resource
import signal
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.tools.dummy_service import Service
from tests.faces import draw_face, jpeg

RECOVERY_SECONDS = 10.0
"""In which a service must be as fast as before once a fault is over."""
WINDOW_SECONDS = 2.0
"""Whose median latency is the present one."""
SLOWDOWN = 1.5
"""How much slower than before still counts as fast as before."""
MEMORY_GROWTH = 0.05
SAMPLE_SECONDS = 0.5
EDGE = 0.1
"""The part of the time, at its beginning and at its end, in which the service is killed."""
MOST_TOLD = 10
"""Unexpected answers, and errors in the log, that the report has."""
EXPECTED = {200, 201, 204, 503, 507}

Fault = Callable[[], Awaitable[float]]
"""Does harm, and gives the moment from which on the service can recover."""


@dataclass
class Record:
    """What was seen."""

    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    lost: int = 0
    """Requests without an answer."""
    revived: int = 0
    """Erased faces that a search returned."""
    enrolled: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    """Faces whose erasure got no answer: they may be there or not."""
    latencies: collections.deque[tuple[float, float]] = field(default_factory=lambda: collections.deque(maxlen=100_000))
    """When a picture was embedded, and the seconds that it took."""
    memory: dict[int, list[float]] = field(default_factory=lambda: collections.defaultdict(list))
    """What each process held, in megabytes, at even intervals."""
    recoveries: list[dict[str, Any]] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    """Requests and their answers, of those that no fault explains."""

    def median(self, since: float) -> float:
        """The median latency since a moment; infinite while nothing was answered."""
        recent = [seconds for at, seconds in self.latencies if at >= since]
        return statistics.median(recent) if len(recent) >= 5 else float("inf")


class Soak:
    """One run."""

    def __init__(self, service: Service, seconds: float, callers: int, seed: int) -> None:
        self.record = Record()
        self._service = service
        self._seconds = seconds
        self._callers = callers
        self._random = random.Random(seed)
        self._pictures = [jpeg(draw_face(seed=number)) for number in range(20)]
        self._going = True

    async def run(self) -> None:
        """Load, faults and measuring, until the time is up."""
        await asyncio.to_thread(self._service.start)
        crowd = [asyncio.create_task(self._caller()) for _ in range(self._callers)]
        gauge = asyncio.create_task(self._gauge())
        kill, others = [self._kill], [self._stall, self._flood, self._full_disk]
        begun, pause = time.monotonic(), min(20.0, self._seconds / 16)
        await asyncio.sleep(pause)
        for part, faults in ((EDGE, kill), (1 - EDGE, others), (1, kill)):
            await self._injected(faults, begun + part * self._seconds, pause)
        self._going = False
        await asyncio.gather(*crowd, gauge)

    async def _injected(self, faults: Sequence[Fault], end: float, pause: float) -> None:
        """One fault at least, and others until a moment has come."""
        for fault in itertools.cycle(faults):
            normal = self.record.median(0)
            over = await fault()
            while self.record.median(max(over, time.monotonic() - WINDOW_SECONDS)) > SLOWDOWN * normal + 0.02:
                await asyncio.sleep(0.1)
                if time.monotonic() - over > 6 * RECOVERY_SECONDS:
                    break
            found = {"fault": fault.__name__.strip("_"), "recovered_s": round(time.monotonic() - over, 2)}
            self.record.recoveries.append(found)
            await asyncio.sleep(pause)
            if time.monotonic() > end:
                return

    async def _kill(self) -> float:
        over = time.monotonic()
        await asyncio.to_thread(self._service.end, signal.SIGKILL)
        await asyncio.to_thread(self._service.start)
        return over

    async def _stall(self) -> float:
        os.kill(self._service.pid, signal.SIGSTOP)
        await asyncio.sleep(2)
        os.kill(self._service.pid, signal.SIGCONT)
        return time.monotonic()

    async def _flood(self) -> float:
        async with httpx.AsyncClient(base_url=self._service.url, timeout=30) as client:
            files = [("image", picture) for picture in self._pictures]
            asks = [client.post("/embed", files=files) for _ in range(40)]
            for answer in await asyncio.gather(*asks):
                self._count(answer)
        return time.monotonic()

    async def _full_disk(self) -> float:
        limit = resource.prlimit(self._service.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._service.pid, resource.RLIMIT_FSIZE, (1000, limit[1]))
        await asyncio.sleep(2)
        resource.prlimit(self._service.pid, resource.RLIMIT_FSIZE, limit)
        return time.monotonic()

    async def _gauge(self) -> None:
        while self._going:
            with contextlib.suppress(OSError):  # it was killed just now
                self.record.memory[self._service.pid].append(self._service.megabytes())
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _caller(self) -> None:
        async with httpx.AsyncClient(base_url=self._service.url, timeout=30) as client:
            while self._going:
                ask = self._random.choices((self._embed, self._search, self._enrol, self._erase), (5, 3, 2, 2))[0]
                try:
                    await ask(client)
                except httpx.TransportError:
                    self.record.lost += 1
                    await asyncio.sleep(0.1)

    async def _embed(self, client: httpx.AsyncClient) -> None:
        begun = time.monotonic()
        answer = await client.post("/embed", files={"image": self._random.choice(self._pictures)})
        self._count(answer)
        if answer.status_code == 200:
            self.record.latencies.append((time.monotonic(), time.monotonic() - begun))

    async def _search(self, client: httpx.AsyncClient) -> None:
        erased = set(self.record.erased)
        answer = await client.post("/search?k=50", files={"image": self._random.choice(self._pictures)})
        if self._count(answer) == 200:
            returned = {result["id"] for result in answer.json()["results"]}
            self.record.revived += len(returned & erased)

    async def _enrol(self, client: httpx.AsyncClient) -> None:
        picture, subject = self._random.choice(self._pictures), f"subject {self._random.randrange(1000)}"
        answer = await client.post("/faces", files={"image": picture}, data={"subject": subject})
        if self._count(answer) == 201:
            self.record.enrolled.add(answer.json()["id"])

    async def _erase(self, client: httpx.AsyncClient) -> None:
        known = sorted(self.record.enrolled - self.record.unsure)
        if len(known) < 50:
            return
        face = self._random.choice(known)
        self.record.enrolled.discard(face)
        self.record.unsure.add(face)
        answer = await client.delete(f"/faces/{face}")
        if self._count(answer) == 204:
            self.record.erased.add(face)
        else:
            # It was refused and must be there, or it is not found and was lost.
            self.record.enrolled.add(face)
        self.record.unsure.discard(face)

    def _count(self, answer: httpx.Response) -> int:
        self.record.statuses[answer.status_code] += 1
        if answer.status_code not in EXPECTED:
            self.record.unexpected.append(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
        return answer.status_code

    async def present(self) -> set[str]:
        """The ids of all faces that the service has."""
        ids, cursor = set[str](), None
        async with httpx.AsyncClient(base_url=self._service.url, timeout=30) as client:
            while True:
                params = {"limit": 1000, **({"cursor": cursor} if cursor else {})}
                page = (await client.get("/faces", params=params)).json()
                ids |= {face["id"] for face in page["faces"]}
                cursor = page["next_cursor"]
                if cursor is None:
                    return ids


def growth(memory: list[float]) -> float:
    """How much more memory the last third of the time took than the first, after a tenth to warm up."""
    memory = memory[len(memory) // 10 :]
    third = len(memory) // 3
    return statistics.mean(memory[-third:]) / statistics.mean(memory[:third]) - 1


def _minutes(memory: list[float]) -> list[list[float]]:
    """The samples of each minute."""
    size = round(60 / SAMPLE_SECONDS)
    return [memory[place : place + size] for place in range(0, len(memory), size)]


async def soak(seconds: float, callers: int, seed: int) -> dict[str, Any]:
    """Run, and give the report."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), {"FACET_MAX_QUEUE": "64"})
        run = Soak(service, seconds, callers, seed)
        await run.run()
        service.end()
        await asyncio.to_thread(service.start)
        there = await run.present()
        service.end()
        log = service.log.read_text(errors="replace")
    record = run.record
    memory = max(record.memory.values(), key=len)
    return {
        "seconds": seconds,
        "requests": sum(record.statuses.values()),
        "statuses": {str(status): count for status, count in sorted(record.statuses.items())},
        "unanswered": record.lost,
        "acknowledged_enrolments_lost": len(record.enrolled - there),
        "erased_faces_that_are_there": len(record.erased & there),
        "erased_faces_that_were_found": record.revived,
        "unexpected_statuses": sorted(set(record.statuses) - EXPECTED),
        "unexpected_answers": record.unexpected[:MOST_TOLD],
        "errors_in_the_log": _errors(log),
        "median_latency_ms": round(record.median(0) * 1e3, 1),
        "memory_mb": [round(bound(memory)) for bound in (min, max)],
        "memory_samples": len(memory),
        "memory_each_minute_mb": [round(statistics.mean(some), 1) for some in _minutes(memory)],
        "memory_growth": round(growth(memory), 4),
        "recoveries": record.recoveries,
    }


def _errors(log: str) -> list[str]:
    """What the service said of the first errors that it had not expected."""
    return ["Traceback" + part.split("\nINFO ")[0][-4000:] for part in log.split("Traceback")[1 : 1 + MOST_TOLD]]


def verdict(report: dict[str, Any]) -> list[str]:
    """What is not as it should be."""
    slow = [found for found in report["recoveries"] if found["recovered_s"] > RECOVERY_SECONDS]
    findings = {
        "acknowledged enrolments were lost": report["acknowledged_enrolments_lost"],
        "erased faces are there": report["erased_faces_that_are_there"],
        "erased faces were found": report["erased_faces_that_were_found"],
        f"there were answers of {report['unexpected_statuses']}": report["unexpected_statuses"],
        f"memory grew by {report['memory_growth']:.1%}": report["memory_growth"] > MEMORY_GROWTH,
        f"the service was slow for long after {slow}": slow,
    }
    return [text for text, wrong in findings.items() if wrong]


def main() -> None:
    """Run and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    report = asyncio.run(soak(given.seconds, given.callers, given.seed))
    text = json.dumps(report, indent=1)
    print(text)
    if given.report:
        given.report.write_text(text)
    wrong = verdict(report)
    print("as it should be" if not wrong else "; ".join(wrong))
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
