"""UUID version 7 (RFC 9562): identifiers that sort by the millisecond in which they were made."""

import os
import uuid

_TIME_SHIFT = 80
_VERSION = 0x7 << 76
_VERSION_MASK = 0xF << 76
_VARIANT = 0b10 << 62
_VARIANT_MASK = 0b11 << 62


def uuid7(milliseconds: int) -> str:
    """A fresh identifier, 36 characters, for a moment given in milliseconds since 1970 (UTC)."""
    value = milliseconds << _TIME_SHIFT | int.from_bytes(os.urandom(10))
    value = value & ~_VERSION_MASK | _VERSION
    value = value & ~_VARIANT_MASK | _VARIANT
    return str(uuid.UUID(int=value))
