"""uvicorn's server in a process that has nothing else to do."""

import gc
import socket

import uvicorn

ALLOCATIONS = 20_000
"""Objects more than before after which the youngest are looked through; one request makes some hundreds."""


class Server(uvicorn.Server):
    """Leaves what exists when it is ready, modules and the model, out of every later collection of garbage.

    Otherwise each full collection looks through half a million objects that will never be garbage: a quarter of the
    time of small requests, and a pause of a tenth of a second.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.enable()
        gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
