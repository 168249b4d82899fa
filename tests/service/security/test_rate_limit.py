import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.security.api_key import Key
from service.security.rate_limit import RateLimits
from service.security.scopes import Scope
from tests.processes import RedisServer, redis_server
from tests.service.asking import assert_problem
from tests.service.security.guarded import Guarded


def key(id: str, rate: int | None) -> Key:
    return Key(id, "k", frozenset({Scope.SEARCH}), None, rate, 0, b"", b"")


def test_a_key_that_asks_too_often_is_told_when_to_come_back(guarded: Guarded) -> None:
    client, other = guarded.holder(Scope.SEARCH, rate=3), guarded.holder(Scope.SEARCH, rate=3)
    answers = [client.get("/collections") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"3"}
    problem = assert_problem(answers[3], 429, "rate_limited")
    wait = int(answers[3].headers["Retry-After"])
    assert problem["details"] == {"retry_after": wait}
    assert 1 <= wait <= 60 == pytest.approx(int(answers[0].headers["RateLimit-Reset"]), abs=2)
    assert other.get("/collections").status_code == 200


def test_who_is_refused_for_lack_of_a_key_uses_up_nobodys_rate(guarded: Guarded) -> None:
    made, token = guarded.keys.create("Ada", [Scope.SEARCH], rate=2)
    for _ in range(5):
        guarded.client(f"facet_{made.id}_{'A' * 43}").get("/collections")
    assert guarded.client(token).get("/collections").headers["RateLimit-Remaining"] == "1"


def test_a_key_without_a_rate_has_that_of_the_service() -> None:
    async def scenario() -> list[tuple[bool, int, int]]:
        rates = RateLimits(2)
        taken = [await rates.take(key("a", None)) for _ in range(3)]
        return [(each.granted, each.limit, each.remaining) for each in taken]

    assert asyncio.run(scenario()) == [(True, 2, 1), (True, 2, 0), (False, 2, 0)]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


def test_processes_share_their_count_through_redis_and_go_on_without(redis: RedisServer) -> None:
    async def scenario() -> None:
        one, other = RateLimits(3, redis.url), RateLimits(3, redis.url)
        granted = [(await rates.take(key("a", None))).granted for rates in (one, other, one, other, one)]
        assert granted == [True, True, True, False, False]
        redis.stop()
        alone = [(await one.take(key("a", None))).granted for _ in range(4)]
        assert alone == [True, True, True, False]
        assert (await other.take(key("a", None))).granted
        await one.close()
        await other.close()

    asyncio.run(scenario())


def test_headers_are_there_only_with_a_key(guarded: Guarded) -> None:
    answer: httpx.Response = guarded.client(None).get("/health/live")
    assert not [name for name in answer.headers if name.startswith("ratelimit")]
