"""Reads a request body (form, raw picture, JSON or msgpack) under limits, into pictures and fields."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException

from model.errors import ImageTooLarge, InvalidEmbedding, InvalidRequest, TooLarge
from service.body.msgpack_codec import MAX_DEPTH, unpack
from service.body.multipart import Form, FormLimits
from service.config import ServiceConfig
from service.responses.pictures import JSON, MSGPACK
from service.schemas import GivenEmbedding, given_embedding

FORM = "multipart/form-data"


@dataclass(frozen=True)
class Inputs:
    """The body of one request: a raw picture is the picture `image`, a JSON object is its fields."""

    pictures: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)

    def all(self, name: str) -> list[bytes]:
        """Every picture of a name, in order; none is an answer."""
        if name in self.fields:
            raise InvalidRequest(f"The field {name!r} must be a file (a part with a filename), not text.")
        return list(self.pictures.get(name, ()))

    def optional(self, name: str) -> bytes | None:
        """The picture of a name, if there is one. Raises InvalidRequest for several."""
        found = self.all(name)
        if len(found) > 1:
            raise InvalidRequest(f"The picture {name!r} came {len(found)} times; send it once.")
        return found[0] if found else None

    def one(self, name: str) -> bytes:
        """The picture of a name. Raises InvalidRequest if it is missing or came several times."""
        found = self.optional(name)
        if found is None:
            raise self.missing(name)
        return found

    def embedding(self) -> GivenEmbedding | None:
        """The field `embedding`, if it is there. Raises InvalidEmbedding."""
        return given_embedding(self.json("embedding")) if "embedding" in self.fields else None

    def face(self) -> bytes | GivenEmbedding:
        """The one face that a request is about: the picture `image`, or the field `embedding`."""
        embedding = self.embedding()
        if embedding is None:
            return self.one("image")
        if self.optional("image") is not None:
            raise InvalidRequest("Send either a picture `image` or an `embedding`, not both.")
        return embedding

    def text(self, name: str) -> str | None:
        """A text field, if it is there."""
        if name not in self.fields:
            return None
        value = self.fields[name]
        if not isinstance(value, str):
            raise InvalidRequest(f"The field {name!r} must be text.")
        return value

    def json(self, name: str) -> Any:
        """A field that holds JSON: parsed where it came as the text of a form, as it is in a JSON body."""
        value = self.fields.get(name)
        return parse_json(value, f"the field {name!r}") if isinstance(value, str) else value

    def missing(self, name: str) -> InvalidRequest:
        """The error that says that a field is missing, and which are there."""
        there = ", ".join(repr(other) for other in [*self.pictures, *self.fields]) or "nothing"
        return InvalidRequest(f"The field {name!r} is missing; the request's body has {there}.", field=name)


def parse_json(data: bytes | str, what: str) -> Any:
    """The value of a JSON text.

    Raises InvalidRequest, also for NaN and Infinity, which JSON does not have, and InvalidEmbedding for an embedding
    that holds one: programs write them so, and are told what is wrong with the embedding rather than with the text.
    """
    try:
        return _shallow(orjson.loads(data), what)
    except orjson.JSONDecodeError as error:
        if _is_embedding_with_constants(data, what):
            raise InvalidEmbedding("The embedding holds NaN or Infinity; every number must be finite.") from error
        raise InvalidRequest(f"This is not JSON in {what}: {error}.") from error


def _shallow(value: Any, what: str) -> Any:
    """The value. Raises InvalidRequest where it lies deeper than `MAX_DEPTH`."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        nested = [item for item in level if isinstance(item, dict | list)]
        level = [inner for item in nested for inner in (item.values() if isinstance(item, dict) else item)]
        if not level:
            return value
    raise InvalidRequest(f"Lists and objects lie more than {MAX_DEPTH} deep in {what}.", max_depth=MAX_DEPTH)


def _is_embedding_with_constants(data: bytes | str, what: str) -> bool:
    """Whether a text is JSON but for NaN and Infinity, and of an embedding."""
    constants: list[str] = []
    try:
        value = json.loads(data, parse_constant=constants.append)
    except (ValueError, RecursionError):
        return False
    return bool(constants) and ("embedding" in what or (isinstance(value, dict) and "embedding" in value))


async def read_inputs(request: Request, config: ServiceConfig) -> Inputs:
    """The body of a request.

    Raises InvalidRequest, TooLarge and ImageTooLarge, and HTTPException 415 for a content type that is none of
    multipart/form-data, image/*, application/json and application/msgpack.
    """
    media_type, parameters = _content_type(request)
    if media_type == FORM:
        if parameters.get(b"charset", b"utf-8").lower() != b"utf-8":
            raise InvalidRequest("The text fields of a form must be UTF-8; leave the charset out.")
        return await _form(request, parameters.get(b"boundary", b""), config)
    if media_type.startswith("image/"):
        limit = config.max_image_bytes
        image_too_large = ImageTooLarge(
            f"The picture has more than {limit} bytes; send a smaller one.", max_image_bytes=limit
        )
        return Inputs(pictures={"image": [await _body(request, limit, image_too_large)]})
    if media_type == JSON:
        limit = config.max_text_bytes
        too_large = TooLarge(f"The body has more than {limit} bytes.", max_text_bytes=limit)
        value = parse_json(await _body(request, limit, too_large), "the body")
        if not isinstance(value, dict):
            raise InvalidRequest("The JSON body must be an object.")
        return Inputs(fields=value)
    if media_type == MSGPACK:
        return _packed(await _body(request, config.max_body_bytes, _too_large(config)), config)
    accepted = f"{FORM}, {JSON}, {MSGPACK}, or a picture with its image/* content type"
    await _body(request, 0, HTTPException(415, f"Send {accepted}, not {media_type or 'bytes without a content type'}."))
    return Inputs()


def _content_type(request: Request) -> tuple[str, dict[bytes, bytes]]:
    media_type, parameters = parse_options_header(request.headers.get("content-type"))
    return media_type.decode("latin-1").strip().lower(), parameters


async def _form(request: Request, boundary: bytes, config: ServiceConfig) -> Inputs:
    """The pictures and text fields of a multipart body."""
    form = Form(boundary, FormLimits(config.max_image_bytes, config.max_text_bytes))
    async with aclosing(limited(request, config.max_body_bytes, _too_large(config))) as chunks:
        await form.read(chunks)
    return _few(Inputs(form.pictures, form.fields), config)


def _packed(body: bytes, config: ServiceConfig) -> Inputs:
    """The pictures and the fields of a msgpack body."""
    pictures, fields = unpack(body, config.max_text_bytes)
    for name, found in pictures.items():
        _small(name, max(map(len, found)), config)
    return _few(Inputs(pictures, fields), config)


def _too_large(config: ServiceConfig) -> TooLarge:
    limit = config.max_body_bytes
    return TooLarge(f"The body has more than {limit} bytes; send fewer pictures at once.", max_body_bytes=limit)


def _small(name: str, size: int, config: ServiceConfig) -> None:
    """Raises ImageTooLarge for a picture of too many bytes."""
    if size > config.max_image_bytes:
        raise ImageTooLarge(
            f"The picture {name!r} has {size} bytes; the limit is {config.max_image_bytes}.",
            max_image_bytes=config.max_image_bytes,
        )


def _few(inputs: Inputs, config: ServiceConfig) -> Inputs:
    """The inputs. Raises TooLarge for too many pictures."""
    count = sum(len(found) for found in inputs.pictures.values())
    if count > config.max_images:
        raise TooLarge(
            f"{count} pictures in one request; the limit is {config.max_images}.", max_images=config.max_images
        )
    return inputs


async def _body(request: Request, limit: int, too_large: Exception) -> bytes:
    return b"".join([chunk async for chunk in limited(request, limit, too_large)])


async def limited(request: Request, limit: int, too_large: Exception) -> AsyncGenerator[bytes, None]:
    """The body in chunks. Raises at once if it announces too many bytes, else as soon as too many have come."""
    if int(request.headers.get("content-length", "0")) > limit:
        raise too_large
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        yield chunk
