"""A loaded dummy, and faces for it."""

from collections.abc import Iterator

import pytest

import facet
from facet.library import Facet


@pytest.fixture
def model() -> Iterator[Facet]:
    with facet.load("dummy") as loaded:
        yield loaded
