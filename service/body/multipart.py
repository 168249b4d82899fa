"""Parses multipart bodies into pictures and text fields, in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from model.errors import ImageTooLarge, InvalidRequest, TooLarge

MAX_PARTS = 1000


@dataclass(frozen=True)
class FormLimits:
    """What a part may be; how many bytes there are together is for the body's own limit."""

    picture_bytes: int
    text_bytes: int


@dataclass
class _Part:
    name: str
    is_picture: bool
    limit: int
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0


class Form:
    """Takes the chunks of a body; a part with a file name is a picture, every other a text."""

    def __init__(self, boundary: bytes, limits: FormLimits) -> None:
        """Raises InvalidRequest for a boundary that is none."""
        self.pictures: dict[str, list[bytes]] = {}
        self.fields: dict[str, str] = {}
        self._limits = limits
        self._parts = 0
        self._complete = False
        self._header, self._value, self._disposition = b"", b"", b""
        self._part = _Part("", False, 0)
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._add_header,
                    "on_header_value": self._add_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._add,
                    "on_part_end": self._close,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _unreadable(str(error)) from error

    async def read(self, chunks: AsyncIterator[bytes]) -> None:
        """Take all of a body. Raises InvalidRequest, and ImageTooLarge and TooLarge for a part of too many bytes."""
        try:
            async for chunk in chunks:
                self._parser.write(chunk)
        except FormParserError as error:
            raise _unreadable("it is not what its content type says") from error
        if not self._complete:
            raise _unreadable("it ends before its last boundary")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise InvalidRequest(f"The form has more than {MAX_PARTS} parts; send fewer.", limit=MAX_PARTS)
        self._disposition = b""

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise _unreadable("a part of it has no name")
        name, is_picture = _text(options[b"name"]), b"filename" in options
        if not is_picture and name in self.fields:
            raise InvalidRequest(f"The field {name!r} came several times; send it once.", field=name)
        self._part = _Part(name, is_picture, self._limits.picture_bytes if is_picture else self._limits.text_bytes)

    def _add(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if part.size > part.limit:
            raise _too_large(part)
        part.pieces.append(data[start:end])

    def _close(self) -> None:
        content = b"".join(self._part.pieces)
        if self._part.is_picture:
            self.pictures.setdefault(self._part.name, []).append(content)
        else:
            self.fields[self._part.name] = _text(content)

    def _end(self) -> None:
        self._complete = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _too_large(part: _Part) -> ImageTooLarge | TooLarge:
    if part.is_picture:
        return ImageTooLarge(
            f"The picture {part.name!r} has more than {part.limit} bytes; send a smaller one.",
            max_image_bytes=part.limit,
        )
    return TooLarge(f"The field {part.name!r} has more than {part.limit} bytes.", max_text_bytes=part.limit)


def _unreadable(why: str) -> InvalidRequest:
    return InvalidRequest(f"The multipart body cannot be read: {why}.")
