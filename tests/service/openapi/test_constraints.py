"""What the OpenAPI document says of bounds, and that they are those which hold."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from jsonschema import Draft202012Validator

from tests.service.asking import assert_problem, embedding_of, enrol
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


def bodies() -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    """The method and path of a request, its JSON body, and whether it is right; `E` stands for an embedding."""
    edits = [
        ({"attribute": "pose", "set": {"yaw": 10}}, True),
        ({"attribute": "pose", "set": {"yaw": 10}, "preset": None, "from": None, "amount": -2}, True),
        ({"attribute": "identity", "from": "E"}, True),
        ({"attribute": "pose"}, False),
        ({"attribute": "pose", "set": {}}, False),
        ({"attribute": "pose", "set": {"tilt": 1}}, False),
        ({"attribute": "pose", "set": {"yaw": 90.5}}, False),
        ({"attribute": "style", "set": {"yaw": 1}}, False),
        ({"attribute": "pose", "set": {"yaw": 1}, "from": "E"}, False),
        ({"attribute": "pose", "set": {"yaw": 1}, "amount": 2.01}, False),
        ({"attribute": "pose", "from": "elsewhere"}, False),
        ({"attribute": "pose", "from": "source:-1"}, False),
    ]
    for edit, fits in edits:
        yield "POST", "/edit", {"embedding": "E", "edits": [edit]}, fits
    searches = [
        ({"embedding": "E"}, True),
        ({"queries": [{"embedding": "E"}, {"embedding": "E", "face": None, "k": 3}]}, True),
        ({}, False),
        ({"queries": []}, False),
        ({"embedding": "E", "queries": [{"embedding": "E"}]}, False),
        ({"queries": [{}]}, False),
        ({"queries": [{"face": None}]}, False),
        ({"queries": [{"embedding": "E", "face": NOBODY}]}, False),
        ({"queries": [{"embedding": "E", "max_degrees": -1}]}, False),
        ({"queries": [{"embedding": "E", "subject": "a\0"}]}, False),
    ]
    for search, fits in searches:
        yield "POST", "/search", search, fits
    for attr, fits in TERMS:
        yield "POST", "/search", {"queries": [{"embedding": "E", "attr": attr}]}, fits
    changes = [
        ({"subject": "b", "metadata": {}}, True),
        ({}, False),
        ({"subject": None}, False),
        ({"metadata": None}, False),
        ({"subject": "b", "mood": "good"}, False),
    ]
    for change, fits in changes:
        yield "PATCH", "/faces/{face_id}", change, fits
    yield "POST", "/faces", {"embedding": "E", "subject": "a", "collection": ""}, False


NOBODY = "01930f2e-6f6c-7cc3-9d0a-3f1d2c4b5a69"
TERMS: list[tuple[list[str], bool]] = [
    (["identity:1", "style:-0.3"], True),
    (["identity:-1000", "pose:2.5e-05", "style:999.75", "expression"], True),
    ([], False),
    (["mood"], False),
    (["identity", "identity:2"], False),
    (["identity:"], False),
    (["identity:0"], False),
    (["identity:-0.00e-3"], False),
    (["identity:1e3"], False),
    (["identity:1000.5"], False),
    (["identity:nan"], False),
]


@pytest.mark.parametrize(("method", "path", "body", "fits"), list(bodies()))
def test_a_json_body_is_taken_where_the_document_allows_it(
    small: httpx.Client, ada: bytes, method: str, path: str, body: dict[str, Any], fits: bool
) -> None:
    embedding = embedding_of(small, ada)
    body = orjson.loads(orjson.dumps(body).replace(b'"E"', orjson.dumps(embedding)))
    document = small.get("/openapi.json").json()
    schema = document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    assert Draft202012Validator({**schema, "components": document["components"]}).is_valid(body) == fits
    face = enrol(small, ada, "a", "default")["id"] if method == "PATCH" else ""
    answer = small.request(method, path.format(face_id=face), json=body)
    assert answer.status_code == (200 if fits else 422), answer.text


@pytest.mark.parametrize(("attr", "fits"), TERMS)
def test_weights_in_the_query_are_what_the_document_says(
    small: httpx.Client, ada: bytes, attr: list[str], fits: bool
) -> None:
    assert Draft202012Validator(schema_of(small, "POST", "/search", "attr")).is_valid(attr) == fits
    if attr:  # a query cannot hold an empty list: it is one that is left out
        answer = small.post("/search", params={"attr": attr}, files={"image": ada})
        assert answer.status_code == (200 if fits else 422)


@pytest.mark.parametrize(
    ("part", "numbers", "fits"),
    [
        ("pose", [float(np.float32(np.pi)), 0.0, 0.0], True),
        ("pose", [3.15, 0.0, 0.0], False),
        ("style", [0.0] * 31 + [-1e-6], True),
        ("style", [0.0] * 31 + [1e-7], False),
        ("style", [3e38] * 32, True),
    ],
)
def test_an_embedding_points_somewhere(
    small: httpx.Client, ada: bytes, part: str, numbers: list[float], fits: bool
) -> None:
    embedding = {**embedding_of(small, ada), part: numbers}
    schema = small.get("/openapi.json").json()["components"]["schemas"]["Embedding"]
    assert Draft202012Validator(schema).is_valid(embedding) == fits
    assert small.post("/reconstruct", json={"embedding": embedding}).status_code == (200 if fits else 422)


@pytest.mark.parametrize(
    ("path", "cursor", "fits"),
    [
        ("/faces", "0000000000000001", True),
        ("/faces", "8000000000000001", False),
        ("/faces", "1", False),
        ("/jobs", NOBODY, True),
        ("/jobs", "0000000000000001", False),
    ],
)
def test_cursors_are_what_the_document_says(small: httpx.Client, path: str, cursor: str, fits: bool) -> None:
    assert Draft202012Validator(schema_of(small, "GET", path, "cursor")).is_valid(cursor) == fits
    assert small.get(path, params={"cursor": cursor}).status_code == (200 if fits else 422)


def test_the_value_of_a_metadata_key_is_as_long_as_the_document_says(small: httpx.Client, ada: bytes) -> None:
    longest = schema_of(small, "POST", "/identify", "metadata.key")["maxLength"]
    for length, status in ((longest, 200), (longest + 1, 422)):
        answer = small.post("/identify", params={"metadata.city": "L" * length}, files={"image": ada})
        assert answer.status_code == status


def test_every_path_lists_its_methods(small: httpx.Client) -> None:
    paths = small.get("/openapi.json").json()["paths"]
    taken = {path: {method.upper() for method in methods} for path, methods in paths.items()}
    for path, methods in {**taken, "/jobs/import": {"POST"}, "/docs": {"GET"}}.items():
        answer = small.put(path.format(face_id=NOBODY, job_id=NOBODY, name="default", subject="ada"))
        assert_problem(answer, 405, "method_not_allowed")
        assert set(answer.headers["Allow"].split(", ")) == methods
    assert taken["/faces/{face_id}"] == {"GET", "PATCH", "DELETE"}


def test_one_application_leaves_the_document_of_another_as_it_is(small: httpx.Client, tmp_path: Path) -> None:
    assert schema_of(small, "GET", "/faces", "limit")["maximum"] == 101
    with serving(dummy_app(tmp_path)) as usual:
        assert schema_of(usual, "GET", "/faces", "limit")["maximum"] == 1000
