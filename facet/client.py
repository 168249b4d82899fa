"""The service as Python calls, over httpx: `Client`, and `AsyncClient` with the same calls awaited."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx
import orjson

from model.errors import FacetError, InvalidRequest, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

Picture = bytes | Path
"""The bytes of a JPEG, PNG or WebP file, or where it lies."""
Json = dict[str, Any]
Embedding = Mapping[str, Sequence[float]]
Target = Picture | Embedding

PNG = "image/png"
BUSY = 503
TRIES = 4


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read."""

    read: Callable[[httpx.Response], T]
    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    accept: str = "application/json"


def _json(answer: httpx.Response) -> Any:
    return orjson.loads(answer.content)


def _drawn(answer: httpx.Response) -> Any:
    """JSON whose pictures are bytes."""
    return _with_bytes(_json(answer))


def _with_bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_bytes(item) for item in value]
    return {name: base64.b64decode(item) if name in ("image", "input") else item for name, item in value.items()}


def _bytes(answer: httpx.Response) -> bytes:
    return answer.content


def _nothing(_: httpx.Response) -> None:
    return None


def _part(picture: Picture) -> tuple[str, bytes]:
    return (picture.name, picture.read_bytes()) if isinstance(picture, Path) else ("picture", picture)


def _params(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None and value != []}


def _body(target: Target, pictures: Sequence[tuple[str, Picture]] = (), **fields: Any) -> dict[str, Any]:
    """A form for a picture, JSON for an embedding."""
    fields = {name: value for name, value in fields.items() if value is not None}
    if not isinstance(target, bytes | Path):
        if pictures:
            raise InvalidRequest("Other pictures can only be sent beside a picture, not beside an embedding.")
        return {"json": {"embedding": target, **fields}}
    files = [("image", _part(target)), *((name, _part(picture)) for name, picture in pictures)]
    texts = {name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in fields.items()}
    return {"files": files, "data": texts}


def _embed(*images: Picture, align: str = "auto", max_faces: int = 1) -> Call[Json]:
    """The faces of some pictures, as `POST /embed` answers."""
    files = [("image", _part(image)) for image in images]
    return Call(_json, "POST", "embed", _params(align=align, max_faces=max_faces), {"files": files})


def _reconstruct(face: Target, *, align: str = "auto") -> Call[Json]:
    """A face drawn back: `image` and `input` are PNG bytes."""
    return Call(_drawn, "POST", "reconstruct", _params(align=align), _body(face))


def _edit(
    face: Target, edits: Sequence[Json], *, sources: Sequence[Picture] = (), paste: bool = False, align: str = "auto"
) -> Call[bytes]:
    """The PNG of a face after some edits."""
    body = _body(face, [("source", source) for source in sources], edits=list(edits))
    return Call(_bytes, "POST", "edit", _params(align=align, paste=paste or None), body, PNG)


def _generate(
    count: int = 1,
    *,
    seed: int | None = None,
    image: Picture | None = None,
    keep: Sequence[str] = (),
    align: str = "auto",
) -> Call[list[Json]]:
    """Random faces: of each the `image` as PNG bytes, and the `embedding`."""
    body = _body(image) if image is not None else {}
    return Call(_drawn, "POST", "generate", _params(count=count, seed=seed, keep=list(keep), align=align), body)


def _verify(image: Picture, other: Picture, *, align: str = "auto") -> Call[Json]:
    """Whether two pictures show one person."""
    return Call(_json, "POST", "verify", _params(align=align), _body(image, [("other", other)]))


def _enrol(
    face: Target, subject: str, collection: str = "default", metadata: Json | None = None, *, align: str = "auto"
) -> Call[Json]:
    """The enrolled face."""
    body = _body(face, subject=subject, collection=collection, metadata=metadata)
    return Call(_json, "POST", "faces", _params(align=align), body)


def _search(
    face: Target,
    attr: Mapping[str, float] | None = None,
    *,
    source: Picture | None = None,
    source_attr: Sequence[str] = (),
    k: int = 10,
    collection: str | None = None,
    align: str = "auto",
) -> Call[Json]:
    """The enrolled faces that are most alike in the attributes `attr`, each with its weight."""
    weights = [f"{name}:{weight}" for name, weight in (attr or {}).items()]
    params = _params(attr=weights, source_attr=list(source_attr), k=k, collection=collection, align=align)
    return Call(_json, "POST", "search", params, _body(face, [("source", source)] if source is not None else []))


def _faces(collection: str | None = None, cursor: str | None = None, limit: int = 100) -> Call[Json]:
    """A page of enrolled faces, and the `next_cursor`."""
    return Call(_json, "GET", "faces", _params(collection=collection, cursor=cursor, limit=limit))


def _delete_face(face_id: str) -> Call[None]:
    """Erase a face."""
    return Call(_nothing, "DELETE", f"faces/{face_id}")


def _model() -> Call[Json]:
    """What the loaded model says of itself."""
    return Call(_json, "GET", "model")


def _seed_demo() -> Call[Json]:
    """Fill the collection `demo` with generated people."""
    return Call(_json, "POST", "demo")


def _checked(answer: httpx.Response) -> httpx.Response:
    """The answer. Raises the FacetError that it tells of."""
    if answer.is_success:
        return answer
    if answer.headers.get("Content-Type") != "application/problem+json":
        raise Unavailable(f"{answer.request.url} answered with {answer.status_code}; is it a Facet service?")
    problem = orjson.loads(answer.content)
    data = {"code": problem["code"], "message": problem["detail"], "details": problem.get("details") or {}}
    raise FacetError.from_data(data)


def _pause(answer: httpx.Response) -> float:
    """Seconds that a busy service asks to wait."""
    seconds = answer.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else 1.0


def _sync(build: Callable[P, Call[T]]) -> Callable[Concatenate["Client", P], T]:
    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._send(build(*args, **kwargs))

    method.__doc__ = build.__doc__
    return method


def _async(build: Callable[P, Call[T]]) -> Callable[Concatenate["AsyncClient", P], Awaitable[T]]:
    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._send(build(*args, **kwargs))

    method.__doc__ = build.__doc__
    return method


class Client:
    """A service by its address. Failures are `model.errors.FacetError`; a busy service is asked again when it says."""

    embed, reconstruct, edit, generate = _sync(_embed), _sync(_reconstruct), _sync(_edit), _sync(_generate)
    verify, enrol, search, faces = _sync(_verify), _sync(_enrol), _sync(_search), _sync(_faces)
    delete_face, model, seed_demo = _sync(_delete_face), _sync(_model), _sync(_seed_demo)

    def __init__(self, url: str, *, timeout: float = 60.0, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _send(self, call: Call[T]) -> T:
        for left in reversed(range(TRIES)):
            headers = {"Accept": call.accept}
            try:
                answer = self._http.request(call.method, call.path, params=call.params, headers=headers, **call.body)
            except httpx.TransportError as error:
                raise Unavailable(f"{self._http.base_url} cannot be reached: {error}") from error
            if answer.status_code != BUSY or not left:
                break
            time.sleep(_pause(answer))
        return call.read(_checked(answer))


class AsyncClient:
    """`Client` for programs on an event loop."""

    embed, reconstruct, edit, generate = _async(_embed), _async(_reconstruct), _async(_edit), _async(_generate)
    verify, enrol, search, faces = _async(_verify), _async(_enrol), _async(_search), _async(_faces)
    delete_face, model, seed_demo = _async(_delete_face), _async(_model), _async(_seed_demo)

    def __init__(self, url: str, *, timeout: float = 60.0, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def _send(self, call: Call[T]) -> T:
        for left in reversed(range(TRIES)):
            headers = {"Accept": call.accept}
            try:
                answer = await self._http.request(
                    call.method, call.path, params=call.params, headers=headers, **call.body
                )
            except httpx.TransportError as error:
                raise Unavailable(f"{self._http.base_url} cannot be reached: {error}") from error
            if answer.status_code != BUSY or not left:
                break
            await asyncio.sleep(_pause(answer))
        return call.read(_checked(answer))
