"""What the metadata of a face states, as numbers that can be compared: one for each key with its value."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def facts(metadata: Mapping[str, Any]) -> list[int]:
    """One number of 64 bits for each top-level key of some plain JSON and its value, in no order.

    Two are equal where key and value are equal as JSON: `1` is `1.0`, `true` is not `1`, the order of an object's keys
    does not count. They are hashes (BLAKE2b), so that no value stays in memory: among a million different facts
    another one is taken for the one asked for with a probability of 5e-14.
    """
    return [_number(key, value) for key, value in metadata.items()]


def _number(key: str, value: Any) -> int:
    text = json.dumps([key, _canonical(value)], sort_keys=True)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
