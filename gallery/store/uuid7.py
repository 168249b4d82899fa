"""UUID version 7 (RFC 9562): identifiers that sort by the moment in which they were made."""

import secrets
import threading
import uuid

_HIGH_BITS, _LOW_BITS = 12, 62
_FRESH_BITS = _HIGH_BITS + _LOW_BITS - 1
"""One bit less than there is room for, so that later identifiers of the same millisecond fit above the first."""
_STEP_BITS = 32


class _Uuid7:
    """Makes identifiers; those of one process are made by one of these."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = -1
        self._tail = 0

    def __call__(self, milliseconds: int) -> str:
        """A fresh identifier, 36 characters, for a moment given in milliseconds since 1970 (UTC).

        Those made for one millisecond sort in the order of the calls: each is the one before plus a random step
        (RFC 9562, section 6.2, method 2).
        """
        with self._lock:
            same = milliseconds == self._milliseconds
            self._tail = self._tail + 1 + secrets.randbits(_STEP_BITS) if same else secrets.randbits(_FRESH_BITS)
            self._milliseconds = milliseconds
            tail = self._tail
        high, low = tail >> _LOW_BITS, tail & (1 << _LOW_BITS) - 1
        return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << _LOW_BITS | low))


uuid7 = _Uuid7()
