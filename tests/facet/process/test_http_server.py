"""The server's garbage collection, which begins when it is ready."""

import gc
import socket
from collections.abc import Iterator

import anyio
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from facet.process.http_server import ALLOCATIONS, Server


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    gc.unfreeze()  # what the tests' own beginning froze
    yield
    gc.set_threshold(*thresholds)
    gc.enable()


async def _app(_: Scope, __: Receive, ___: Send) -> None:
    raise AssertionError("nobody asks")


def test_what_is_there_when_it_is_ready_is_left_out_of_later_collections() -> None:
    gc.disable()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = Server(uvicorn.Config(_app, lifespan="off", log_config=None))

        async def scenario() -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(server.serve, [listener])
                while not server.started:
                    await anyio.sleep(0.01)
                server.should_exit = True

        anyio.run(scenario)
    assert gc.isenabled()
    assert gc.get_threshold()[0] == ALLOCATIONS
    assert gc.get_freeze_count() > 10_000
