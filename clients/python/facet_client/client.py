"""The two clients: the same calls, blocking and awaited."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, Self, TypeVar

import httpx
from httpx_sse import EventSource

from facet_client import answers, calls, stimuli
from facet_client.errors import Unavailable
from facet_client.wire import Call, pause, read

P = ParamSpec("P")
T = TypeVar("T")

BUSY = frozenset({429, 503})
TRIES = 4


def _sync(build: Callable[P, Call[T]]) -> Callable[Concatenate["Client", P], T]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._send(build(*args, **kwargs))

    method.__name__, method.__doc__ = build.__name__, build.__doc__
    return method


def _async(build: Callable[P, Call[T]]) -> Callable[Concatenate["AsyncClient", P], Awaitable[T]]:
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._send(build(*args, **kwargs))

    method.__name__, method.__doc__ = build.__name__, build.__doc__
    return method


def _headers(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


@contextmanager
def _reachable(http: httpx.Client | httpx.AsyncClient) -> Iterator[None]:
    """Raises Unavailable where the connection fails."""
    try:
        yield
    except httpx.TransportError as error:
        raise Unavailable(f"{http.base_url} cannot be reached: {error}") from error


def _again(answer: httpx.Response, left: int, patience: float) -> bool:
    """Whether a busy service is asked once more."""
    return answer.status_code in BUSY and left > 0 and pause(answer) <= patience


def _value(_: Call[T], answer: httpx.Response) -> T:
    value: T = read(answer)
    return value


class Client:
    """A service by its address.

    `key` is an API key. `packed` sends and takes msgpack, which is smaller where many embeddings travel; their
    parts are then `array.array("f")`. A busy service is asked again when it says, if that is within `patience`
    seconds. Failures are `facet_client.errors.FacetError`.
    """

    embed, reconstruct, verify = _sync(calls.embed), _sync(calls.reconstruct), _sync(calls.verify)
    edit, edit_and_read, generate = _sync(calls.edit), _sync(calls.edit_and_read), _sync(calls.generate)
    enrol, face, faces, crop = _sync(calls.enrol), _sync(calls.face), _sync(calls.faces), _sync(calls.crop)
    change_face, delete_face = _sync(calls.change_face), _sync(calls.delete_face)
    delete_subject, collections = _sync(calls.delete_subject), _sync(calls.collections)
    search, search_like, search_many = _sync(calls.search), _sync(calls.search_like), _sync(calls.search_many)
    identify, group, seed_demo = _sync(calls.identify), _sync(calls.group), _sync(calls.seed_demo)
    reembed = _sync(calls.reembed)
    average, continuum, caricature = _sync(stimuli.average), _sync(stimuli.continuum), _sync(stimuli.caricature)
    factorial, direction, noise = _sync(stimuli.factorial), _sync(stimuli.direction), _sync(stimuli.noise)
    classification, stimuli_again = _sync(stimuli.classification), _sync(stimuli.stimuli_again)
    import_archive, jobs, job = _sync(calls.import_archive), _sync(calls.jobs), _sync(calls.job)
    cancel_job, model, metrics = _sync(calls.cancel_job), _sync(calls.model), _sync(calls.metrics)
    live, ready = _sync(calls.live), _sync(calls.ready)

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        packed: bool = False,
        timeout: float = 60.0,
        patience: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(base_url=url, headers=_headers(key), timeout=timeout, transport=transport)
        self._packed, self._patience = packed, patience

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def follow_job(self, job_id: str) -> Iterator[answers.Job]:
        """A job each time that it has got on, until it has ended."""
        with (
            _reachable(self._http),
            calls.events(job_id).request(self._packed) as request,
            self._http.stream(**request) as answer,
        ):
            if not answer.is_success:
                answer.read()
                read(answer)
            for event in EventSource(answer).iter_sse():
                yield json.loads(event.data)

    def _send(self, call: Call[T]) -> T:
        for left in reversed(range(TRIES)):
            with _reachable(self._http), call.request(self._packed) as request:
                answer = self._http.request(**request)
            if not _again(answer, left, self._patience):
                break
            time.sleep(pause(answer))
        return _value(call, answer)


class AsyncClient:
    """`Client` for programs on an event loop."""

    embed, reconstruct, verify = _async(calls.embed), _async(calls.reconstruct), _async(calls.verify)
    edit, edit_and_read, generate = _async(calls.edit), _async(calls.edit_and_read), _async(calls.generate)
    enrol, face, faces, crop = _async(calls.enrol), _async(calls.face), _async(calls.faces), _async(calls.crop)
    change_face, delete_face = _async(calls.change_face), _async(calls.delete_face)
    delete_subject, collections = _async(calls.delete_subject), _async(calls.collections)
    search, search_like, search_many = _async(calls.search), _async(calls.search_like), _async(calls.search_many)
    identify, group, seed_demo = _async(calls.identify), _async(calls.group), _async(calls.seed_demo)
    reembed = _async(calls.reembed)
    average, continuum, caricature = _async(stimuli.average), _async(stimuli.continuum), _async(stimuli.caricature)
    factorial, direction, noise = _async(stimuli.factorial), _async(stimuli.direction), _async(stimuli.noise)
    classification, stimuli_again = _async(stimuli.classification), _async(stimuli.stimuli_again)
    import_archive, jobs, job = _async(calls.import_archive), _async(calls.jobs), _async(calls.job)
    cancel_job, model, metrics = _async(calls.cancel_job), _async(calls.model), _async(calls.metrics)
    live, ready = _async(calls.live), _async(calls.ready)

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        packed: bool = False,
        timeout: float = 60.0,
        patience: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers=_headers(key), timeout=timeout, transport=transport)
        self._packed, self._patience = packed, patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def follow_job(self, job_id: str) -> AsyncIterator[answers.Job]:
        """A job each time that it has got on, until it has ended."""
        with _reachable(self._http), calls.events(job_id).request(self._packed) as request:
            async with self._http.stream(**request) as answer:
                if not answer.is_success:
                    await answer.aread()
                    read(answer)
                async for event in EventSource(answer).aiter_sse():
                    yield json.loads(event.data)

    async def _send(self, call: Call[T]) -> T:
        for left in reversed(range(TRIES)):
            with _reachable(self._http), call.request(self._packed) as request:
                answer = await self._http.request(**request)
            if not _again(answer, left, self._patience):
                break
            await asyncio.sleep(pause(answer))
        return _value(call, answer)
