"""What holds for every test."""

import gc


def pytest_collection_finish() -> None:
    """What is imported by now stays to the end: no full collection of garbage need look through it again."""
    gc.collect()
    gc.freeze()
