"""Authentication of every request: its API key, its origin and its key's rate limit."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.errors import FacetError, Forbidden, RateLimited, Unauthorized
from service.middleware.headers import RawHeaders, header
from service.problems import problem_of
from service.security.access import Access
from service.security.caller import ANYONE, NOBODY, Caller, set_caller
from service.security.loopback import is_loopback
from service.security.rate_limit import Allowance

FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")
"""Headers that proxies add to the requests that they forward."""

LIVE = "/health/live"
"""The liveness probe, which needs neither a key nor the database: a process that does not answer it is restarted."""


class AuthenticationMiddleware:
    """Finds the caller of each request by its API key; the route's scope is checked later, by `caller.authorize`.

    Refuses a wrong key (401), a page of another origin (403) and a key over its rate limit (429). Pure ASGI, so that a
    request is refused before a byte of its body is read.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == LIVE:
            set_caller(scope, NOBODY)
            await self._app(scope, receive, send)
            return
        try:
            caller, allowance = await self._admitted(scope["headers"])
            if allowance is not None:
                send = _telling(allowance, send)
                if not allowance.granted:
                    raise RateLimited(
                        f"This key may send {allowance.limit} requests a minute; try again in {allowance.reset} s.",
                        retry_after=allowance.reset,
                    )
        except FacetError as error:
            await problem_of(Request(scope), error)(scope, receive, send)
            return
        set_caller(scope, caller)
        await self._app(scope, receive, send)

    async def _admitted(self, headers: RawHeaders) -> tuple[Caller, Allowance | None]:
        """The caller, and the state of its key's rate limit. Raises Unauthorized, Forbidden and Unavailable."""
        access = self._access
        if access.keys is None or not await access.keys.locked():
            if not access.insecure:
                _check_origin(headers, access.origins)
            return ANYONE, None
        token = _token(headers)
        if token is None:
            return NOBODY, None
        key = await access.keys.find(token)
        if key is None:
            raise Unauthorized("This API key is none of this service, or was revoked.")
        return Caller.of(key), await access.rates.take(key)


def _telling(allowance: Allowance, send: Send) -> Send:
    """A `send` that adds the headers of the rate limit."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(allowance.headers)
        await send(message)

    return sending


def _token(headers: RawHeaders) -> str | None:
    """The key that a request brings, None where it brings none."""
    kind, _, token = (header(headers, b"authorization") or "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return header(headers, b"x-api-key")


def _check_origin(headers: RawHeaders, allowed: tuple[str, ...]) -> None:
    """Protects a service without keys from web pages of other sites that run in a browser on this machine.

    Such a page can post forms to any address, and its host name can resolve to 127.0.0.1 (DNS rebinding). Raises
    Forbidden.
    """
    host, origin = header(headers, b"host") or "", header(headers, b"origin")
    if any(header(headers, name) is not None for name in FORWARDED):
        raise Forbidden(
            "Without API keys this service answers to this machine alone, and a proxy passed this request on for "
            "somebody else; make a key with `facet keys create`."
        )
    if not is_loopback(host):
        raise Forbidden(
            "Without API keys this service answers to the names of this machine alone, such as localhost; "
            "make a key with `facet keys create`."
        )
    if origin is not None and origin not in allowed and urlsplit(origin).netloc != host:
        raise Forbidden("Without API keys this service answers to no page of another origin.")
