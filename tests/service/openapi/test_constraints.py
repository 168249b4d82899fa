"""What the OpenAPI document says of bounds, and that they are those which hold."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.service.asking import embedding_of
from tests.service.serving import dummy_app, serving

LIMITS = {
    "max_k": 11,
    "max_page": 101,
    "max_generate": 3,
    "max_faces": 5,
    "max_images": 2,
    "max_edits": 4,
    "max_queries": 6,
}
NUMBERS = [
    ("GET", "/faces", "limit", 101),
    ("GET", "/jobs", "limit", 101),
    ("POST", "/generate", "count", 3),
    ("POST", "/embed", "max_faces", 5),
    ("POST", "/search", "k", 11),
    ("POST", "/identify", "k", 11),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(dummy_app(tmp_path_factory.mktemp("small"), **LIMITS)) as client:
        yield client


def schema_of(client: httpx.Client, method: str, path: str, name: str) -> dict[str, Any]:
    operation = client.get("/openapi.json").json()["paths"][path][method.lower()]
    [found] = [parameter["schema"] for parameter in operation["parameters"] if parameter["name"] == name]
    schema: dict[str, Any] = found
    return schema


@pytest.mark.parametrize(("method", "path", "name", "largest"), NUMBERS)
def test_numbers_may_be_as_large_as_the_document_says(
    small: httpx.Client, ada: bytes, method: str, path: str, name: str, largest: int
) -> None:
    assert schema_of(small, method, path, name)["maximum"] == largest
    for value, status in ((largest, 200), (largest + 1, 422)):
        body = {} if method == "GET" or path == "/generate" else {"files": {"image": ada}}
        assert small.request(method, path, params={name: value}, **body).status_code == status


def test_lists_may_be_as_long_as_the_document_says(small: httpx.Client, ada: bytes) -> None:
    document = small.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    longest = {
        (body, name): field["maxItems"]
        for body, schema in schemas.items()
        for name, field in schema.get("properties", {}).items()
        if body.endswith(("Form", "Request")) and "maxItems" in field
    }
    assert longest == {
        ("EmbedForm", "image"): 2,
        ("EditForm", "source"): 2,
        ("EditRequest", "edits"): 4,
        ("SearchRequest", "queries"): 6,
        ("AverageFacesForm", "faces"): 2,
        ("AverageFacesRequest", "faces"): 1000,
        ("CaricatureOfFaceForm", "among"): 2,
        ("CaricatureOfFaceRequest", "among"): 1000,
        ("DirectionOfRatingsForm", "faces"): 2,
        ("DirectionOfRatingsRequest", "faces"): 1000,
        ("DirectionOfRatingsRequest", "groups"): 1000,
        ("DirectionOfRatingsRequest", "ratings"): 1000,
        ("FactorialSetForm", "faces"): 2,
        ("FactorialSetRequest", "faces"): 1000,
    }
    embedding = embedding_of(small, ada)
    for count, status in ((6, 200), (7, 413)):
        queries = [{"embedding": embedding, "k": 1}] * count
        assert small.post("/search", json={"queries": queries}).status_code == status


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("collection", "a-b_c.9", True),
        ("collection", "a" * 64, True),
        ("collection", "a" * 65, False),
        ("collection", "a b", False),
        ("collection", "", False),
        ("subject", "é" * 200, True),
        ("subject", "é" * 201, False),
        ("subject", "", False),
    ],
)
def test_names_are_what_the_document_says(small: httpx.Client, name: str, value: str, fits: bool) -> None:
    schema = schema_of(small, "GET", "/faces", name)
    assert Draft202012Validator(schema).is_valid(value) == fits
    assert small.get("/faces", params={name: value}).status_code == (200 if fits else 422)


def test_ids_are_uuids(small: httpx.Client) -> None:
    schema = schema_of(small, "GET", "/faces/{face_id}", "face_id")
    for id, fits in (("01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69", True), ("01930f2e", False), ("nobody", False)):
        assert Draft202012Validator(schema).is_valid(id) == fits
        assert small.get(f"/faces/{id}").status_code == 404


def test_one_application_leaves_the_document_of_another_as_it_is(small: httpx.Client, tmp_path: Path) -> None:
    assert schema_of(small, "GET", "/faces", "limit")["maximum"] == 101
    with serving(dummy_app(tmp_path)) as usual:
        assert schema_of(usual, "GET", "/faces", "limit")["maximum"] == 1000
