from typing import Any

import httpx
import pytest

OPERATIONS = {
    ("/embed", "post"): ("embed", {413, 415, 422, 503}),
    ("/reconstruct", "post"): ("reconstruct", {413, 415, 422, 503}),
    ("/edit", "post"): ("edit", {404, 413, 415, 422, 503}),
    ("/generate", "post"): ("generate", {413, 415, 422, 503}),
    ("/verify", "post"): ("verify", {413, 415, 422, 503}),
    ("/faces", "post"): ("enrol_face", {413, 415, 422, 503}),
    ("/faces", "get"): ("list_faces", {422, 503}),
    ("/faces/{face_id}", "get"): ("get_face", {404, 422, 503}),
    ("/faces/{face_id}", "patch"): ("change_face", {404, 413, 415, 422, 503}),
    ("/faces/{face_id}", "delete"): ("delete_face", {404, 422, 503}),
    ("/subjects/{subject}", "delete"): ("delete_subject", {404, 422, 503}),
    ("/collections", "get"): ("list_collections", {503}),
    ("/faces/{face_id}/crop", "get"): ("get_crop", {404, 422, 503}),
    ("/search", "post"): ("search", {404, 413, 415, 422, 503}),
    ("/identify", "post"): ("identify", {413, 415, 422, 503}),
    ("/search", "get"): ("search_by_face", {404, 422, 503}),
    ("/demo", "post"): ("seed_demo", {503}),
    ("/model", "get"): ("model", {503}),
    ("/health/live", "get"): ("live", set()),
    ("/health/ready", "get"): ("ready", {503}),
}


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    body: dict[str, Any] = client.get("/openapi.json").json()
    return body


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(path, method): item for path, methods in document["paths"].items() for method, item in methods.items()}


def test_every_route_is_there_with_its_id_and_its_problems(document: dict[str, Any]) -> None:
    found = operations(document)
    assert found.keys() == OPERATIONS.keys()
    for route, (operation_id, statuses) in OPERATIONS.items():
        operation = found[route]
        assert operation["operationId"] == operation_id
        assert operation["description"]
        problems = {int(status): item for status, item in operation["responses"].items() if int(status) >= 400}
        assert problems.keys() == statuses
        for problem in problems.values():
            assert problem["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = references(document)
    assert "#/components/schemas/Embedding" in found
    assert found <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def test_bodies_name_their_content_types(document: dict[str, Any]) -> None:
    found = operations(document)
    bodies = {path: set(item["requestBody"]["content"]) for (path, _), item in found.items() if "requestBody" in item}
    assert bodies == {
        "/embed": {"multipart/form-data", "image/*"},
        "/reconstruct": {"multipart/form-data", "image/*", "application/json"},
        "/edit": {"multipart/form-data", "image/*", "application/json"},
        "/generate": {"multipart/form-data", "image/*"},
        "/verify": {"multipart/form-data"},
        "/faces": {"multipart/form-data", "application/json"},
        "/faces/{face_id}": {"multipart/form-data", "application/json"},
        "/identify": {"multipart/form-data", "image/*", "application/json"},
        "/search": {"multipart/form-data", "image/*", "application/json"},
    }


@pytest.mark.parametrize("path", ["/reconstruct", "/edit", "/generate"])
def test_what_draws_answers_png_or_json(document: dict[str, Any], path: str) -> None:
    answer = document["paths"][path]["post"]["responses"]["200"]
    assert set(answer["content"]) == {"image/png", "application/json"}
    assert "X-Facet-Synthetic" in answer["headers"]


def test_attributes_are_an_enumeration(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["Attribute"]["enum"] == ["pose", "identity", "expression", "style"]
