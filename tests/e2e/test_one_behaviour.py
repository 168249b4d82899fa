"""The same requests to both deployments: the same answers, to the last bit."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.faces import draw_face, jpeg, png
from tests.processes import distributed, published
from tests.service.asking import JSON
from tests.service.serving import dummy_app, serving

ADA, BOB = jpeg(draw_face(seed=1)), jpeg(draw_face(seed=2, mouth="smile"))
EMPTY = png(draw_face()[:40, :40])
EDITS = json.dumps([{"attribute": "expression", "preset": "happiness"}, {"attribute": "pose", "set": {"yaw": 20}}])

Ask = Callable[[httpx.Client], httpx.Response]

REQUESTS: dict[str, Ask] = {
    "embed": lambda client: client.post("/embed", files={"image": ADA}),
    "embed one that has no face": lambda client: client.post("/embed", files={"image": EMPTY}),
    "embed several": lambda client: client.post(
        "/embed", files=[("image", ADA), ("image", b"junk"), ("image", EMPTY), ("image", BOB)]
    ),
    "embed the whole": lambda client: client.post("/embed?align=none", files={"image": ADA}),
    "embed a cut file": lambda client: client.post("/embed", files={"image": ADA[:500]}),
    "reconstruct": lambda client: client.post("/reconstruct", files={"image": ADA}),
    "reconstruct as JSON": lambda client: client.post("/reconstruct", files={"image": ADA}, headers=JSON),
    "edit": lambda client: client.post("/edit", files={"image": ADA}, data={"edits": EDITS}),
    "edit from a source": lambda client: client.post(
        "/edit?attr=style&amount=0.5&paste=true", files={"image": ADA, "source": BOB}
    ),
    "edit impossibly": lambda client: client.post(
        "/edit", files={"image": ADA}, data={"edits": '[{"attribute": "expression", "preset": "boredom"}]'}
    ),
    "generate": lambda client: client.post("/generate?count=3&seed=5", headers=JSON),
    "generate with": lambda client: client.post("/generate?count=2&seed=5&keep=identity", files={"image": ADA}),
    "verify": lambda client: client.post("/verify", files={"image": ADA, "other": BOB}),
    "verify junk": lambda client: client.post("/verify", files={"image": ADA, "other": b"junk"}),
    "search": lambda client: client.post("/search?collection=none", files={"image": ADA}),
    "model": lambda client: client.get("/model"),
    "ready": lambda client: client.get("/health/ready"),
    "no such face": lambda client: client.get("/search?face=nobody"),
}


@pytest.fixture(scope="module")
def deployments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of an embedded and of a distributed service."""
    place: Path = tmp_path_factory.mktemp("deployments")
    with ExitStack() as stack:
        embedded = stack.enter_context(serving(dummy_app(place / "embedded")))
        containers = stack.enter_context(published())
        if containers is not None:
            yield embedded, containers
            return
        apart = place / "distributed"
        settings = stack.enter_context(distributed(place, apart))
        yield embedded, stack.enter_context(serving(dummy_app(apart, **settings)))


@pytest.mark.parametrize("name", REQUESTS)
def test_nobody_can_tell_the_deployments_apart(deployments: tuple[httpx.Client, httpx.Client], name: str) -> None:
    one, other = (REQUESTS[name](client) for client in deployments)
    assert one.status_code == other.status_code
    assert one.headers["content-type"] == other.headers["content-type"]
    body = one.content
    if one.headers["content-type"] == "application/problem+json":
        body = body.replace(one.headers["X-Request-ID"].encode(), other.headers["X-Request-ID"].encode())
    assert body == other.content
