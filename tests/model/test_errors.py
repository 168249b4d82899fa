"""Errors as data."""

import json

import pytest

from model import errors
from model.errors import Busy, FacetError, Unavailable

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FacetError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_as_data(kind: type[FacetError]) -> None:
    error = FacetError.from_data(json.loads(json.dumps(kind("Do this.", limit=3).to_data())))
    assert type(error) is kind
    assert str(error) == error.message == "Do this."
    assert error.details == {"limit": 3}


def test_a_finer_kind_arrives_as_the_error_that_it_is_of() -> None:
    class Finer(Unavailable):
        def __init__(self) -> None:
            super().__init__("Wait.", part="store")

    error = FacetError.from_data(Finer().to_data())
    assert type(error) is Unavailable
    assert (error.message, error.details) == ("Wait.", {"part": "store"})


def test_every_error_has_its_own_code() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(KINDS) > 10
    assert len(set(codes)) == len(codes)
    assert Busy.code == "busy"


def test_an_unknown_code_is_a_plain_error() -> None:
    error = FacetError.from_data({"code": "of a later version", "message": "Wait.", "details": {}})
    assert type(error) is FacetError
    assert error.message == "Wait."
