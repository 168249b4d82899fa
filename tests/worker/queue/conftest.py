"""A Redis of their own for the tests of a module, empty at the beginning of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.processes import RedisServer, redis_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    place: Path = tmp_path_factory.mktemp("redis")
    with redis_server(place) as server:
        yield server


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Redis]:
    with server.client() as client:
        client.flushdb()
        yield client
