"""What the OpenAPI document says of keys: how they are sent, which routes need which scope, and how that fails."""

from typing import Any

from service.openapi.descriptions import problem_responses
from service.security.scopes import Open, Scope, need_of

SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key, `facet_…`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "the same key, the other way"},
}

_HEADERS = {
    "RateLimit-Limit": "requests a minute of this key",
    "RateLimit-Remaining": "how many of them are left",
    "RateLimit-Reset": "seconds until the oldest request of the last minute counts no more",
}


def secured(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the security schemes, and with the need of each route that needs a key."""
    document["components"]["securitySchemes"] = SCHEMES
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            need = need_of(method.upper(), path)
            if need is Open.PUBLIC:
                operation["security"] = []
                continue
            scope = "any key" if need is Open.ANY_KEY else f"a key with the scope `{need.value}`"
            operation["description"] = f"{operation['description']}\n\nWhere the service has keys: {scope}."
            operation["security"] = [{name: []} for name in SCHEMES] + [{}]
            statuses = [401, 403, 429]
            statuses += [408] if "requestBody" in operation else []
            statuses += [507] if need in (Scope.ENROL, Scope.ERASE) else []
            for status, answer in problem_responses(*statuses).items():
                operation["responses"].setdefault(str(status), answer)
            headers = {name: {"schema": {"type": "integer"}, "description": text} for name, text in _HEADERS.items()}
            operation["responses"]["429"].setdefault("headers", {}).update(headers)
    return document
