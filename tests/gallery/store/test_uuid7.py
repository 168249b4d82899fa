"""The laws of RFC 9562 that the gallery relies on."""

import uuid

from gallery.store.uuid7 import uuid7


def test_it_says_its_version_variant_and_time() -> None:
    made = uuid.UUID(uuid7(1_700_000_000_123))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == 1_700_000_000_123


def test_later_ones_sort_later_and_all_differ() -> None:
    assert uuid7(2**40) < uuid7(2**40 + 1)
    assert len({uuid7(5) for _ in range(1000)}) == 1000
