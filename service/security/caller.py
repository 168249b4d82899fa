"""The caller of a request, and what it may do."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request
from starlette.types import Scope as AsgiScope

from model.errors import Forbidden, Unauthorized
from service.security.api_key import Key
from service.security.scopes import Open, Scope, need_of

_KEY = "facet.caller"


@dataclass(frozen=True)
class Caller:
    """Who sent a request: the holder of an API key, or anybody where there are none."""

    id: str
    """The key's id; `anyone` where the service has no keys, `nobody` without a key where it has."""
    scopes: frozenset[Scope]
    collections: frozenset[str] | None
    """The only collections that there are for this caller; None for all."""
    seal: bytes = b""
    """A secret of the service, different for each caller, by which page cursors are encrypted."""

    @classmethod
    def of(cls, key: Key) -> "Caller":
        """The holder of a key."""
        return cls(key.id, key.scopes, key.collections, key.hash)

    def may(self, scope: Scope) -> bool:
        """Whether the caller has a scope."""
        return bool(self.scopes & {scope, Scope.ADMIN})

    def sees(self, collection: str) -> bool:
        """Whether a collection exists for the caller."""
        return self.collections is None or collection in self.collections

    def require(self, collection: str) -> None:
        """Raises Forbidden for a collection that the caller does not see, whether it exists or not."""
        if not self.sees(collection):
            raise Forbidden(f"This key may not use the collection {collection!r}.")


ANYONE = Caller("anyone", frozenset({Scope.ADMIN}), None)
NOBODY = Caller("nobody", frozenset(), frozenset())


def set_caller(scope: AsgiScope, caller: Caller) -> None:
    """Note who sent the request that a scope belongs to."""
    scope[_KEY] = caller


def caller_of(scope: AsgiScope) -> Caller:
    """Who sent the request that a scope belongs to."""
    return cast(Caller, scope[_KEY])


async def authorize(request: Request) -> None:
    """Check that the caller has the scopes of the route that a request has found.

    Raises Unauthorized without a key, and Forbidden where the key lacks the scope.
    """
    caller, need = caller_of(request.scope), need_of(request.method, request.scope["route"].path_format)
    if need is Open.PUBLIC:
        return
    if caller is NOBODY:
        raise Unauthorized("This service wants an API key; send it as `Authorization: Bearer` or `X-API-Key`.")
    for scope in () if need is Open.ANY_KEY else need:
        require_scope(caller, scope)


def require_scope(caller: Caller, scope: Scope) -> None:
    """Raises Forbidden where a caller lacks a scope."""
    if not caller.may(scope):
        raise Forbidden(f"This key lacks the scope {scope.value!r}.", scope=scope.value)
