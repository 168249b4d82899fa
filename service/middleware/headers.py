"""Headers as ASGI has them: pairs of bytes, the names in small letters.

Starlette's mappings around them cost more than most requests have to spend on each of their middlewares.
"""

from collections.abc import Iterable

RawHeaders = Iterable[tuple[bytes, bytes]]


def header(headers: RawHeaders, name: bytes) -> str | None:
    """The first value of a name."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None
