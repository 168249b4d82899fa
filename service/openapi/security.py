"""API keys in the OpenAPI document: the security schemes, the scopes of each route, and the problems."""

from typing import Any

from service.openapi.descriptions import problem_responses
from service.security.scopes import Need, Open, Scope, need_of

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
            operation["description"] = f"{operation['description']}\n\nWhere the service has keys: {_key_for(need)}."
            operation["security"] = [{name: []} for name in SCHEMES] + [{}]
            statuses = [401, 403, 429]
            statuses += [408] if "requestBody" in operation else []
            statuses += [507] if not isinstance(need, Open) and {Scope.ENROL, Scope.ERASE}.intersection(need) else []
            for status, answer in problem_responses(*statuses).items():
                operation["responses"].setdefault(str(status), answer)
            headers = {name: {"schema": {"type": "integer"}, "description": text} for name, text in _HEADERS.items()}
            operation["responses"]["429"].setdefault("headers", {}).update(headers)
    return document


def _key_for(need: Need) -> str:
    """The key that a route needs, in words."""
    if isinstance(need, Open):
        return "any key"
    names = " and ".join(f"`{scope.value}`" for scope in need)
    return f"a key with the scope{'s' if len(need) > 1 else ''} {names}"
