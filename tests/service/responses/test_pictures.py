import pytest
from fastapi import Request

from service.responses.pictures import wants_json


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("image/png", False),
        ("text/html", False),
        ("application/json", True),
        ("Application/JSON", True),
        ("application/*", True),
        ("application/json, */*", True),
        ("application/json, image/png", True),
        ("image/png, application/json", False),
        ("image/png;q=0.5, application/json", True),
        ("application/json;q=0.5, image/*", False),
        ("application/json;q=0", False),
        ("application/json;q=lots", False),
    ],
)
def test_the_accept_header_chooses(accept: str | None, json: bool) -> None:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    assert wants_json(Request({"type": "http", "headers": headers})) is json
