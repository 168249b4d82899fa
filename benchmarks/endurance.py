"""Requests to a distributed deployment while its workers are killed and its Redis restarts.

    python -m benchmarks.endurance --requests 10000 --concurrency 64 --to endurance.json

Two API processes, two inference and two search workers on the dummy model. Every embedding is compared with what the
embedded service says, every search must know what its caller had enrolled, and every face whose enrolment was
acknowledged must be there in the end.
"""

import argparse
import asyncio
import collections
import itertools
import json
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.tools.deployment import Deployment, deployment
from tests.faces import draw_face, jpeg
from tests.service.serving import dummy_app, serving

KILL_SECONDS = 4.0
PATIENCE_SECONDS = 90.0
"""After this a request hangs; the service gives up after 30 s."""
REFUSED = (503, 422)
"""Busy or a part is lost; or the request was under way when two workers in turn were killed."""
STANDSTILL_SECONDS = 2.0
"""After so long without a turn the callers count as suspended, as on a machine with too much to do: the service may
have closed their connections meanwhile, so that what broke off is asked again."""


class Crowd:
    """Callers that ask at random and count what they hear."""

    def __init__(self, urls: list[str], pictures: list[bytes], expected: list[bytes]) -> None:
        self._urls = urls
        self._pictures = pictures
        self._expected = expected
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.acknowledged: set[str] = set()
        self.seconds: list[float] = []
        self.standstills: list[float] = []
        """When the callers had their turn again."""

    async def watch(self) -> None:
        """Note whenever the callers had no turn for long."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.1)
            if time.monotonic() - before > STANDSTILL_SECONDS:
                self.standstills.append(time.monotonic())

    async def ask(self, numbers: "itertools.count[int]", requests: int) -> None:
        """Ask one request after another until all have been asked."""
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            while (number := next(numbers)) < requests:
                begun = time.monotonic()
                while not await self._one(client, number):
                    pass
                self.seconds.append(time.monotonic() - begun)

    async def _one(self, client: httpx.AsyncClient, number: int) -> bool:
        """Ask once; whether something came of it."""
        begun = time.monotonic()
        url, picture = self._urls[number % len(self._urls)], number // 10 % len(self._pictures)
        files = {"image": self._pictures[picture]}
        known = len(self.acknowledged)
        try:
            if number % 10 == 0:
                answer = await client.post(f"{url}/faces", files=files, data={"subject": f"s{number}"})
            elif number % 10 == 1:
                answer = await client.post(f"{url}/search?k=1", files=files)
            else:
                answer = await client.post(f"{url}/embed", files=files)
        except httpx.TimeoutException:
            self.outcomes["hung"] += 1
        except httpx.TransportError as error:
            await asyncio.sleep(0.3)
            if any(at >= begun for at in self.standstills):
                return False
            self.outcomes[type(error).__name__] += 1
        else:
            await self._note(answer, number, known)
        return True

    async def _note(self, answer: httpx.Response, number: int, known: int) -> None:
        if answer.is_success:
            self.outcomes["right" if self._is_right(answer, number, known) else "wrong"] += 1
            return
        self.outcomes[f"{answer.status_code} {answer.json()['code']}"] += 1
        if answer.status_code in REFUSED:
            await asyncio.sleep(0.1)

    def _is_right(self, answer: httpx.Response, number: int, known: int) -> bool:
        if number % 10 == 0:
            self.acknowledged.add(answer.json()["id"])
            return answer.status_code == 201
        if number % 10 == 1:
            # What was acknowledged to anybody before this search began is among what it compared.
            return bool(answer.json()["searched"] >= known)
        return answer.content == self._expected[number // 10 % len(self._expected)]


async def _harm(service: Deployment, halfway: asyncio.Event, chance: random.Random) -> None:
    """Kill a worker every few seconds, and restart Redis once."""
    restarted = False
    while True:
        await asyncio.sleep(KILL_SECONDS)
        if halfway.is_set() and not restarted:
            restarted = True
            await asyncio.to_thread(service.redis.stop)
            await asyncio.to_thread(service.redis.start)
        else:
            await asyncio.to_thread(service.kill_a_worker, chance)


async def _endure(crowd: Crowd, service: Deployment, options: argparse.Namespace) -> None:
    halfway, numbers = asyncio.Event(), itertools.count()
    callers = [asyncio.create_task(crowd.ask(numbers, options.requests)) for _ in range(options.concurrency)]
    harm = asyncio.create_task(_harm(service, halfway, random.Random(options.seed)))
    watch = asyncio.create_task(crowd.watch())
    try:
        while not all(caller.done() for caller in callers):
            await asyncio.sleep(0.2)
            if sum(crowd.outcomes.values()) > options.requests / 2:
                halfway.set()
            if harm.done():
                harm.result()
        await asyncio.gather(*callers)
    finally:
        harm.cancel()
        watch.cancel()
        await asyncio.gather(harm, watch, return_exceptions=True)


def _expected(place: Path, pictures: list[bytes]) -> list[bytes]:
    with serving(dummy_app(place)) as client:
        return [client.post("/embed", files={"image": picture}).content for picture in pictures]


def _report(crowd: Crowd, service: Deployment, seconds: float) -> dict[str, Any]:
    """What came of it. The faces are asked for one by one, as any caller would."""
    with httpx.Client(base_url=service.urls[0]) as client:
        lost = [id for id in crowd.acknowledged if client.get(f"/faces/{id}").status_code != 200]
    times = sorted(crowd.seconds)
    refused = sum(count for outcome, count in crowd.outcomes.items() if outcome.startswith(tuple(map(str, REFUSED))))
    return {
        "requests": len(times),
        "outcomes": dict(crowd.outcomes.most_common()),
        "refused": refused,
        "wrong": crowd.outcomes["wrong"],
        "hung": crowd.outcomes["hung"],
        "callers_stood_still": len(crowd.standstills),
        "enrolments_acknowledged": len(crowd.acknowledged),
        "enrolments_lost": len(lost),
        "workers_killed": service.kills,
        "seconds": round(seconds, 1),
        "median_seconds": round(statistics.median(times), 3),
        "percentile_99_seconds": round(times[int(0.99 * len(times))], 2),
        "slowest_seconds": round(times[-1], 2),
    }


def main() -> None:
    """Run it and print the report; a wrong answer, a hang, a failure or a lost face is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0, help="of who is killed when")
    parser.add_argument("--to", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    pictures = [jpeg(draw_face(seed=seed)) for seed in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        expected = _expected(place / "embedded", pictures)
        with deployment(place, apis=2, workers=2, searchers=2) as service:
            crowd = Crowd(service.urls, pictures, expected)
            begun = time.monotonic()
            asyncio.run(_endure(crowd, service, options))
            report = _report(crowd, service, time.monotonic() - begun)
    text = json.dumps(report, indent=2)
    print(text)
    if options.to is not None:
        options.to.write_text(text + "\n")
    good = report["outcomes"].get("right", 0) + report["refused"]
    if report["enrolments_lost"] or good != options.requests:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
