"""Headers as ASGI has them: pairs of bytes, the names in lower case.

Middleware reads them without Starlette's mappings, which would take longer than the middleware itself.
"""

from collections.abc import Iterable

RawHeaders = Iterable[tuple[bytes, bytes]]


def header(headers: RawHeaders, name: bytes) -> str | None:
    """The first value of a name."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return None
