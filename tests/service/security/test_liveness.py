"""Whether the process lives is asked of nothing else."""

import asyncio
from typing import Any, cast

import pytest
from starlette.types import Receive, Scope, Send

from service.security.access import Access
from service.security.authentication import LIVE, AuthenticationMiddleware
from service.security.caller import NOBODY, caller_of
from service.security.key_cache import KeyCache


class Asked(Exception):
    """Somebody wanted to know the keys."""


class Ring:
    async def locked(self) -> bool:
        raise Asked


def test_liveness_asks_for_no_key_and_others_do() -> None:
    callers: list[Any] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        callers.append(caller_of(scope))

    async def nothing(*_: Any) -> Any: ...

    async def ask(path: str) -> None:
        guard = AuthenticationMiddleware(app, cast(Access, type("Keys", (), {"keys": cast(KeyCache, Ring())})))
        await guard({"type": "http", "path": path, "headers": []}, nothing, nothing)

    asyncio.run(ask(LIVE))
    assert callers == [NOBODY]
    for path in ("/health/ready", "/metrics", LIVE + "/", "/embed"):
        with pytest.raises(Asked):
            asyncio.run(ask(path))
