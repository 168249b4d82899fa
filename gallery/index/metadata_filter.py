"""What is stated of a face, as numbers that can be compared: one for each text, or key of its metadata with its value.

They are hashes of 64 bits (BLAKE2b), so that no text stays in memory: among a million different ones another one is
taken for the one asked for with a probability of 5e-14.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def code(text: str) -> int:
    """The number of a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), signed=True)


def facts(metadata: Mapping[str, Any]) -> list[int]:
    """One number for each top-level key of some plain JSON and its value, in no order.

    Two are equal where key and value are equal as JSON: `1` is `1.0`, `true` is not `1`, the order of an object's keys
    does not count.
    """
    return [code(json.dumps([key, _canonical(value)], sort_keys=True)) for key, value in metadata.items()]


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
