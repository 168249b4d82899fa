"""The network behind LitServe with its batching: python -m benchmarks.peers.litserve_server 9000 engine 32 0.005 1."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import litserve
import numpy as np
import torch
from fastapi import Body

from benchmarks.peers.networks import NETWORKS, decoded
from model.attributes import Vector
from model.engine.backend import Pixels


class EmbedAPI(litserve.LitAPI):  # type: ignore[misc]  # its package has no types
    """LitServe's four steps. The picture is the raw body, which costs it less than a form or base64 in JSON."""

    def __init__(self, network: str, threads: int, **options: Any) -> None:
        super().__init__(api_path="/predict", **options)
        self._network, self._threads = network, threads

    def setup(self, device: str) -> None:  # noqa: ARG002 - there is only the processor
        """Load the network, in the worker's process."""
        torch.set_num_threads(self._threads)
        self._embed = NETWORKS[self._network]()

    def decode_request(self, request: Annotated[bytes, Body()]) -> Pixels:
        """Bytes to pixels."""
        return decoded(request)

    def batch(self, inputs: Sequence[Pixels]) -> Pixels:
        """Pixels of a batch."""
        return np.stack(inputs)

    def predict(self, x: Pixels) -> Vector:
        """The embeddings of a batch."""
        return self._embed(x)

    def unbatch(self, output: Vector) -> list[Vector]:
        """One embedding an answer."""
        return list(output)

    def encode_response(self, output: Vector) -> dict[str, list[float]]:
        """What JSON is made of."""
        return {"embedding": output.tolist()}


def main(port: int, network: str, max_batch: int, timeout: float, workers: int) -> None:
    """Serve until the process is ended."""
    threads = max(1, torch.get_num_threads() // workers)
    api = EmbedAPI(network, threads, max_batch_size=max_batch, batch_timeout=timeout)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=workers, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=port,
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
        loop="uvloop",
        http="httptools",
        access_log=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
