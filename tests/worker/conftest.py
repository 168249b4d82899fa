"""Redis and workers that tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import RedisServer, redis_server, worker_process


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis with one worker on the dummy model."""
    place: Path = tmp_path_factory.mktemp("queue")
    with redis_server(place) as server, worker_process(server, place):
        yield server
