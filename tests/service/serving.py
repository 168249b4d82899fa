"""A service on a real socket in a thread of its own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from facet.asgi import create_app
from facet.settings import Settings


@contextmanager
def serving(app: FastAPI, lifespan: Any = "on") -> Iterator[httpx.Client]:
    """A client of the application; leaving stops it."""
    config = uvicorn.Config(app, port=0, http="h11", ws="none", lifespan=lifespan, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def dummy_app(data_dir: Path, **settings: Any) -> FastAPI:
    """The whole application on the dummy model."""
    return create_app(Settings(model="dummy", data_dir=data_dir, **settings))
