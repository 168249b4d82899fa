from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.body.uploads import ARCHIVE_TYPES

OPERATIONS = {
    ("/embed", "post"): ("embed", {413, 415, 422, 503}),
    ("/reconstruct", "post"): ("reconstruct", {413, 415, 422, 503}),
    ("/edit", "post"): ("edit", {404, 413, 415, 422, 503}),
    ("/generate", "post"): ("generate", {413, 415, 422, 503}),
    **{
        (f"/stimuli/{kind}", "post"): (id, {413, 415, 422, 503})
        for kind, id in (
            ("again", "stimuli_again"),
            ("average", "average_faces"),
            ("caricature", "caricature_of_face"),
            ("classification", "classification_image"),
            ("continuum", "continuum_of_faces"),
            ("direction", "direction_of_ratings"),
            ("factorial", "factorial_set"),
            ("noise", "noise_pairs"),
        )
    },
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
    ("/jobs/import", "post"): ("import_archive", {413, 415, 422, 503}),
    ("/jobs", "get"): ("list_jobs", {422, 503}),
    ("/jobs/{job_id}", "get"): ("get_job", {404, 422, 503}),
    ("/jobs/{job_id}", "delete"): ("cancel_job", {404, 422, 503}),
    ("/jobs/{job_id}/events", "get"): ("follow_job", {404, 422, 503}),
    ("/collections/{name}/groups", "post"): ("group_collection", {422, 503}),
    ("/collections/{name}/reembed", "post"): ("reembed_collection", {422, 503}),
    ("/demo", "post"): ("seed_demo", {503}),
    ("/metrics", "get"): ("metrics", set()),
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
        assert problems.keys() == statuses | of_access(operation)
        for status, problem in problems.items():
            shared = document["components"]["responses"][problem["$ref"].rpartition("/")[2]]
            content = shared["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert {example["value"]["status"] for example in content["examples"].values()} <= {status}
            assert ("Retry-After" in shared.get("headers", {})) == (status in {429, 503})


def of_access(operation: dict[str, Any]) -> set[int]:
    """The problems that keys, slow callers and full disks bring to a route."""
    if operation["security"] == []:
        return set()
    writes = "`enrol`" in operation["description"] or "`erase`" in operation["description"]
    return {401, 403, 429} | ({408} if "requestBody" in operation else set()) | ({507} if writes else set())


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = references(document)
    assert "#/components/schemas/Embedding" in found
    components = document["components"]
    assert found <= {f"#/components/{kind}/{name}" for kind, named in components.items() for name in named}


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    tags = {tag for operation in operations(document).values() for tag in operation["tags"]}
    assert tags == {tag["name"] for tag in document["tags"]}
    parameters = [item for operation in operations(document).values() for item in operation.get("parameters", [])]
    assert [item["name"] for item in parameters if not item.get("description")] == []


def bodies_of(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The content of an operation's body, and of its answers that are no problems."""
    if "requestBody" in operation:
        yield operation["requestBody"]["content"]
    yield from (answer["content"] for answer in operation["responses"].values() if "content" in answer)


def test_every_json_body_has_an_example_that_its_schema_allows_and_msgpack_beside_it(document: dict[str, Any]) -> None:
    checked = 0
    for operation in operations(document).values():
        for content in bodies_of(operation):
            if "application/json" in content:
                body = content["application/json"]
                assert "properties" not in body["schema"], "a body without a name"
                validator = Draft202012Validator({**body["schema"], "components": document["components"]})
                assert [error.message for error in validator.iter_errors(body["example"])] == []
                assert "application/msgpack" in content
                checked += 1
    assert checked >= 20


def test_bodies_name_their_content_types(document: dict[str, Any]) -> None:
    found = operations(document)
    bodies = {path: set(item["requestBody"]["content"]) for (path, _), item in found.items() if "requestBody" in item}
    assert bodies == {
        "/embed": {"multipart/form-data", "image/*", "application/msgpack"},
        "/reconstruct": {"multipart/form-data", "image/*", "application/json", "application/msgpack"},
        "/edit": {"multipart/form-data", "image/*", "application/json", "application/msgpack"},
        "/generate": {"multipart/form-data", "image/*", "application/msgpack"},
        **{
            path: {"multipart/form-data", "application/json", "application/msgpack"}
            for path, _ in OPERATIONS
            if path.startswith("/stimuli/")
        },
        "/verify": {"multipart/form-data", "application/msgpack"},
        "/faces": {"multipart/form-data", "application/json", "application/msgpack"},
        "/faces/{face_id}": {"multipart/form-data", "application/json", "application/msgpack"},
        "/identify": {"multipart/form-data", "image/*", "application/json", "application/msgpack"},
        "/search": {"multipart/form-data", "image/*", "application/json", "application/msgpack"},
        "/jobs/import": {"multipart/form-data", *ARCHIVE_TYPES},
    }


@pytest.mark.parametrize("path", ["/reconstruct", "/edit", "/generate"])
def test_what_draws_answers_png_or_json(document: dict[str, Any], path: str) -> None:
    answer = document["paths"][path]["post"]["responses"]["200"]
    assert set(answer["content"]) == {"image/png", "application/json", "application/msgpack"}
    assert "X-Facet-Synthetic" in answer["headers"]


def test_attributes_are_an_enumeration(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["Attribute"]["enum"] == ["pose", "identity", "expression", "style"]
