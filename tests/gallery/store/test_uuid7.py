"""The laws of RFC 9562 that the gallery relies on."""

import uuid

from gallery.store.uuid7 import uuid7


def test_it_says_its_version_variant_and_time() -> None:
    made = uuid.UUID(uuid7(1_700_000_000_123))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == 1_700_000_000_123


def test_later_ones_sort_later() -> None:
    assert uuid7(2**40) < uuid7(2**40 + 1)


def test_those_of_one_millisecond_differ_and_sort_in_the_order_of_the_calls() -> None:
    made = [uuid7(2**41) for _ in range(1000)]
    assert len(set(made)) == 1000
    assert made == sorted(made)
    assert all(uuid.UUID(each).int >> 80 == 2**41 and uuid.UUID(each).version == 7 for each in made)
