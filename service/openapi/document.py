"""The OpenAPI document completed for client generators: named bodies, examples, msgpack, shared problems."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.body.request_body import FORM
from service.openapi.examples import example_of
from service.problems import PROBLEM_MEDIA_TYPE
from service.responses.pictures import JSON, MSGPACK
from service.schemas import Problem

TAGS = {
    "faces": "Faces found in pictures, embedded and compared.",
    "drawing": "Faces drawn: back from their embeddings, edited, or made up. Every drawn picture says that it is.",
    "stimuli": "Sets of drawn faces for experiments, each with a table and a recipe from which it comes again.",
    "gallery": "Who is enrolled, and who of them is like a face.",
    "about": "What runs here and whether it is well.",
}

PACKED = (
    "The same value as in JSON, as msgpack: a picture is its bytes, and each part of an embedding the bytes of its "
    "float32 numbers, little-endian."
)

Json = dict[str, Any]


def completed(document: Json) -> Json:
    """The document with what FastAPI does not say: names for bodies, msgpack, an example for each, every problem."""
    document["info"]["license"] = {"name": "MIT", "identifier": "MIT"}
    document["servers"] = [{"url": "/", "description": "the service that this document came from"}]
    used = {tag for operation in _operations(document) for tag in operation["tags"]}
    document["tags"] = [{"name": name, "description": TAGS[name]} for name in TAGS if name in used]
    components = document["components"]
    components["schemas"][Problem.__name__] = Problem.model_json_schema()
    for operation in _operations(document):
        _name_bodies(operation, components["schemas"])
        for status, answer in operation["responses"].items():
            if PROBLEM_MEDIA_TYPE in answer.get("content", {}):
                operation["responses"][status] = _shared(answer, components.setdefault("responses", {}))
            elif JSON in answer.get("content", {}):
                _offer_msgpack(answer["content"], components["schemas"])
    return document


def _operations(document: Json) -> Iterator[Json]:
    for methods in document["paths"].values():
        yield from methods.values()


def _shared(answer: Json, responses: Json) -> Json:
    """A reference to a problem's response, which is put among the shared ones."""
    name = answer["description"].partition(":")[0].title().replace(" ", "")
    responses[name] = answer
    return {"$ref": f"#/components/responses/{name}"}


def _name_bodies(operation: Json, schemas: Json) -> None:
    """Moves the schemas of an operation's bodies to the components, under names made of its id."""
    title = operation["operationId"].title().replace("_", "")
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, kind in ((FORM, "Form"), (JSON, "Request")):
        if "properties" in content.get(media_type, {}).get("schema", {}):
            schema = {**content[media_type]["schema"], "title": f"{title}{kind}"}
            content[media_type]["schema"] = _named(schema, schemas)
    if JSON in content:
        named = content[JSON].pop("example", None)
        whole = example_of(content[JSON]["schema"], schemas)
        content[JSON]["example"] = {name: whole[name] for name in named} if named else whole


def _named(schema: Json, schemas: Json) -> Json:
    """A reference to an object's schema, which is put among the named ones after those that lie in it."""
    properties = {name: _with_named_items(item, schemas) for name, item in schema["properties"].items()}
    schemas[schema["title"]] = {**schema, "properties": properties}
    return {"$ref": f"#/components/schemas/{schema['title']}"}


def _with_named_items(schema: Mapping[str, Any], schemas: Json) -> Json:
    if "properties" in schema.get("items", {}):
        return {**schema, "items": _named(schema["items"], schemas)}
    return dict(schema)


def _offer_msgpack(content: Json, schemas: Json) -> None:
    content[JSON].setdefault("example", example_of(content[JSON]["schema"], schemas))
    content[MSGPACK] = {"schema": {"type": "string", "format": "binary", "description": PACKED}}
