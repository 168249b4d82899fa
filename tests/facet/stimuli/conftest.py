"""The bundled model, loaded once."""

from collections.abc import Iterator

import pytest

import facet
from facet.library import Facet


@pytest.fixture(scope="module")
def bundled() -> Iterator[Facet]:
    with facet.load("", device="cpu", precision="float32") as loaded:
        yield loaded
