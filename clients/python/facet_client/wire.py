"""One request of the client as bytes, and its answer as values."""

import base64
import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import httpx

from facet_client import answers
from facet_client.errors import InvalidRequest, Unavailable, error_of

T = TypeVar("T")

Picture = bytes | Path
"""The bytes of a JPEG, PNG or WebP file, or where it lies."""
Embedding = answers.Embedding | Mapping[str, Sequence[float] | str]
"""Four sub-vectors: lists, tuples, arrays, whatever holds floats; and as `model` the id of the one that made them."""

JSON, MSGPACK, PNG = "application/json", "application/msgpack", "image/png"
DRAWN = ("image", "input")
"""The fields of answers that hold pictures."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, which is answered with a T."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    pictures: Sequence[tuple[str, Picture]] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    archive: Path | None = None
    """A file that is streamed as the field `archive`."""
    key: str | None = None
    """By which the service knows that a request comes again."""
    accept: str = JSON
    """What is asked for; JSON stands for msgpack too where the client prefers it."""

    @contextmanager
    def request(self, packed: bool) -> Iterator[dict[str, Any]]:
        """The keyword arguments of httpx's `request`; what they open is open inside."""
        headers = {"Accept": MSGPACK if packed and self.accept == JSON else self.accept}
        if self.key is not None:
            headers["Idempotency-Key"] = self.key
        request: dict[str, Any] = {"method": self.method, "url": self.path, "params": self.params}
        if self.archive is not None:
            with self.archive.open("rb") as file:
                yield {**request, "headers": headers, "files": {"archive": file}}
            return
        content, body = self._body(packed) if self.pictures or self.fields else ({}, {})
        yield {**request, **body, "headers": {**headers, **content}}

    def _body(self, packed: bool) -> tuple[dict[str, str], dict[str, Any]]:
        """The headers and the body: a msgpack map, else a form where there are pictures, else JSON."""
        if packed:
            parts: dict[str, Any] = {}
            for name, picture in self.pictures:
                parts.setdefault(name, []).append(_named(picture)[1])
            return {"Content-Type": MSGPACK}, {"content": _msgpack().packb({**parts, **self.fields}, default=_packable)}
        if self.pictures:
            texts = {name: value if isinstance(value, str) else to_json(value) for name, value in self.fields.items()}
            return {}, {"files": [(name, _named(picture)) for name, picture in self.pictures], "data": texts}
        return {"Content-Type": JSON}, {"content": to_json(self.fields)}


def _named(picture: Picture) -> tuple[str, bytes]:
    return (picture.name, picture.read_bytes()) if isinstance(picture, Path) else ("picture", picture)


def to_json(value: Any) -> bytes:
    """A value as JSON; arrays are lists. Raises InvalidRequest for a number that is not finite."""
    try:
        return json.dumps(value, default=_listed, allow_nan=False, separators=(",", ":")).encode()
    except ValueError as error:
        raise InvalidRequest("JSON has no number that is not finite.") from error


def _listed(value: Any) -> Any:
    """An array, of NumPy or of `array`, or a number of NumPy as plain Python; any other sequence as a list."""
    return value.tolist() if hasattr(value, "tolist") else list(value)


def _msgpack() -> Any:
    """The library that packs. Raises InvalidRequest if it is not installed."""
    try:
        import msgpack
    except ImportError as error:
        raise InvalidRequest("packed=True needs msgpack: pip install 'facet-client[packed]'") from error
    return msgpack


def _packable(value: Any) -> Any:
    """An array as the bytes of its float32 numbers; what is no array is a number of NumPy."""
    try:
        return array("f", value).tobytes()
    except TypeError:
        return float(value)


def read(answer: httpx.Response) -> Any:
    """The value of an answer: pictures are bytes, an empty answer is None. Raises the FacetError that it tells of."""
    _check(answer)
    match answer.headers.get("Content-Type", "").partition(";")[0]:
        case "application/json":
            return _with_bytes(json.loads(answer.content))
        case "application/msgpack":
            return _msgpack().unpackb(answer.content, object_hook=_with_arrays)
        case "image/png":
            return answer.content
        case "text/plain":
            return answer.text
    return None


def _with_bytes(value: Any) -> Any:
    """A drawing, a list or a set of them, with its pictures as bytes; anything else as it is."""
    if isinstance(value, list):
        return [_with_bytes(item) for item in value]
    if isinstance(value, dict) and "recipe" in value:
        return {**value, "faces": _with_bytes(value["faces"])}
    if isinstance(value, dict) and "image" in value:
        return {name: base64.b64decode(item) if name in DRAWN else item for name, item in value.items()}
    return value


def _with_arrays(value: dict[str, Any]) -> dict[str, Any]:
    """Bytes that are no picture are float32 numbers."""
    return {
        name: array("f", item) if isinstance(item, bytes) and name not in DRAWN else item
        for name, item in value.items()
    }


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    if answer.headers.get("Content-Type") != "application/problem+json":
        raise Unavailable(f"{answer.request.url} answered with {answer.status_code}; is it a Facet service?")
    raise error_of(json.loads(answer.content))


def pause(answer: httpx.Response) -> float:
    """Seconds that a busy service asks to wait: a number or a date (RFC 9110), 1 where it says neither."""
    said = answer.headers.get("Retry-After", "")
    if said.isdigit():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return 1.0
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def faces_of(**named: Picture | Embedding | Sequence[Picture] | Sequence[Embedding] | None) -> dict[str, Any]:
    """The fields of a call about faces by name, each of which is a picture, an embedding, or a list of either.

    Raises InvalidRequest for a list of both.
    """
    pictures: list[tuple[str, Picture]] = []
    fields: dict[str, Any] = {}
    for name, given in named.items():
        if given is None:
            continue
        several = [given] if isinstance(given, bytes | Path | Mapping) else list(given)
        found = [(name, face) for face in several if isinstance(face, bytes | Path)]
        if found and len(found) < len(several):
            raise InvalidRequest(f"The faces {name!r} are pictures or embeddings, not both in one list.")
        pictures += found
        if not found:
            fields[name] = given if isinstance(given, Mapping) else several
    return {"pictures": pictures, "fields": fields}


def embedding_or_picture(face: Picture | Embedding, pictures: Sequence[tuple[str, Picture]] = ()) -> dict[str, Any]:
    """The fields of a call about one face, and about other pictures beside it.

    Raises InvalidRequest for other pictures beside an embedding.
    """
    if isinstance(face, bytes | Path):
        return {"pictures": [("image", face), *pictures]}
    if pictures:
        raise InvalidRequest("Other pictures can only be sent beside a picture, not beside an embedding.")
    return {"fields": {"embedding": face}}
