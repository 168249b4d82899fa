"""Requests to a distributed deployment while its workers are killed and its Redis restarts.

    python -m benchmarks.endurance --requests 10000 --concurrency 64

Two processes of the API and two workers on the dummy model. Every answer is compared with what the embedded service
says, and every face whose enrolment was acknowledged must be there in the end.
"""

import argparse
import asyncio
import collections
import contextlib
import itertools
import random
import tempfile
import time
from pathlib import Path

import httpx

from tests.faces import draw_face, jpeg
from tests.processes import FACET, RedisServer, free_port, redis_server, running, wait_until
from tests.service.serving import dummy_app, serving

KILL_SECONDS = 4.0
REFUSED = {503}


class Crowd:
    """Callers that ask at random and count what they hear."""

    def __init__(self, urls: list[str], pictures: list[bytes], expected: list[bytes]) -> None:
        self._urls = urls
        self._pictures = pictures
        self._expected = expected
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.acknowledged: set[str] = set()
        self.slowest = 0.0

    async def ask(self, numbers: "itertools.count[int]", requests: int) -> None:
        """Ask one request after another until all have been asked."""
        async with httpx.AsyncClient(timeout=60) as client:
            while (number := next(numbers)) < requests:
                begun = time.monotonic()
                await self._one(client, number)
                self.slowest = max(self.slowest, time.monotonic() - begun)

    async def _one(self, client: httpx.AsyncClient, number: int) -> None:
        picture, url = number % len(self._pictures), self._urls[number % len(self._urls)]
        files = {"image": self._pictures[picture]}
        try:
            if number % 10:
                answer = await client.post(f"{url}/embed", files=files)
                right = answer.content == self._expected[picture]
            else:
                answer = await client.post(f"{url}/faces", files=files, data={"subject": f"s{number}"})
                right = answer.status_code == 201
                if right:
                    self.acknowledged.add(answer.json()["id"])
        except httpx.TransportError as error:
            self.outcomes[type(error).__name__] += 1
            return
        if answer.is_success:
            self.outcomes["right" if right else "wrong"] += 1
        else:
            self.outcomes[f"{answer.status_code} {answer.json()['code']}"] += 1
            if answer.status_code in REFUSED:
                await asyncio.sleep(0.1)


async def _harm(redis: RedisServer, place: Path, halfway: asyncio.Event) -> None:
    """Keep two workers running, kill one every few seconds, and restart Redis once."""
    with contextlib.ExitStack() as stack:
        command = [*FACET, "worker", "--model", "dummy", "--redis-url", redis.url]
        workers = [stack.enter_context(running(command, place / "worker.log")) for _ in range(2)]
        restarted = False
        while True:
            await asyncio.sleep(KILL_SECONDS)
            if halfway.is_set() and not restarted:
                await asyncio.to_thread(redis.stop)
                await asyncio.to_thread(redis.start)
                restarted = True
                continue
            victim = random.randrange(2)
            workers[victim].kill()
            workers[victim] = stack.enter_context(running(command, place / "worker.log"))


async def _endure(crowd: Crowd, redis: RedisServer, place: Path, requests: int, concurrency: int) -> None:
    halfway, numbers = asyncio.Event(), itertools.count()
    harm = asyncio.create_task(_harm(redis, place, halfway))
    await asyncio.to_thread(wait_until, lambda: redis.workers() == 2)
    callers = [asyncio.create_task(crowd.ask(numbers, requests)) for _ in range(concurrency)]
    while not all(caller.done() for caller in callers):
        await asyncio.sleep(0.2)
        if sum(crowd.outcomes.values()) > requests / 2:
            halfway.set()
    await asyncio.gather(*callers)
    harm.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await harm


def _expected(place: Path, pictures: list[bytes]) -> list[bytes]:
    with serving(dummy_app(place)) as client:
        return [client.post("/embed", files={"image": picture}).content for picture in pictures]


def main() -> None:
    """Run it and print the count of each outcome; a wrong answer, a hang or a lost face is exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=64)
    options = parser.parse_args()
    pictures = [jpeg(draw_face(seed=seed)) for seed in range(8)]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        expected = _expected(place / "embedded", pictures)
        redis = stack.enter_context(redis_server(place))
        environment = {"FACET_INFERENCE": "celery", "FACET_REDIS_URL": redis.url, "FACET_DATA_DIR": str(place / "data")}
        urls = []
        for _ in range(2):
            port = free_port()
            command = [*FACET, "serve", "--port", str(port)]
            stack.enter_context(running(command, place / "api.log", environment))
            urls.append(f"http://127.0.0.1:{port}")
            wait_until(lambda: _lives(urls[-1]))
        crowd = Crowd(urls, pictures, expected)
        begun = time.monotonic()
        asyncio.run(_endure(crowd, redis, place, options.requests, options.concurrency))
        seconds = time.monotonic() - begun
        lost = [id for id in crowd.acknowledged if httpx.get(f"{urls[0]}/faces/{id}").status_code != 200]
    for outcome, count in crowd.outcomes.most_common():
        print(f"{count:6} {outcome}")
    print(f"{len(crowd.acknowledged):6} enrolments acknowledged, {len(lost)} of them lost")
    print(f"{seconds:6.0f} s in all; the slowest answer took {crowd.slowest:.1f} s")
    if lost or crowd.outcomes["wrong"] or crowd.outcomes["ReadTimeout"]:
        raise SystemExit(1)


def _lives(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").status_code == 200
    except httpx.ConnectError:
        return False


if __name__ == "__main__":
    main()
