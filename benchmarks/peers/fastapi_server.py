"""The network behind a plain FastAPI route, once a request: python -m benchmarks.peers.fastapi_server 9000 engine."""

import sys
from collections.abc import Mapping

import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

from benchmarks.peers.networks import NETWORKS, decoded


def main(port: int, network: str) -> None:
    """Serve until the process is ended."""
    embed = NETWORKS[network]()
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> Mapping[str, list[float]]:
        picture = await request.body()
        # On a thread, as a route that is no coroutine runs: the event loop must go on.
        return await run_in_threadpool(lambda: {"embedding": embed(decoded(picture)[None])[0].tolist()})

    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
