"""Errors as HTTP responses: the status of each domain error, and every failure as `application/problem+json`."""

import logging
import math
from http import HTTPMethod, HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from model import errors
from model.errors import FacetError
from service.middleware.metrics import method_of, route_of
from service.middleware.request_id import REQUEST_ID_HEADER, request_id, working_for

PROBLEM_MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[FacetError], int] = {
    FacetError: 500,
    errors.NoFace: 422,
    errors.UnreadableImage: 422,
    errors.UnsupportedImage: 422,
    errors.ImageTooLarge: 413,
    errors.ImageTooSmall: 422,
    errors.LowQuality: 422,
    errors.InvalidEmbedding: 422,
    errors.UnknownAttribute: 422,
    errors.ImpossibleEdit: 422,
    errors.InvalidRequest: 422,
    errors.TooLarge: 413,
    errors.UnreadableFile: 422,
    errors.ArchiveBomb: 413,
    errors.NotFound: 404,
    errors.Busy: 503,
    errors.Unavailable: 503,
    errors.CrashedWorker: 422,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.RateLimited: 429,
    errors.TooSlow: 408,
    errors.StorageFull: 507,
    errors.InvalidCheckpoint: 503,
}
"""The status of each domain error; the one place where the two meet."""

RETRY_AFTER = 1
"""Seconds to wait before a 503 is tried again, where the error does not say."""

logger = logging.getLogger("facet.service")


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem (RFC 9457) with the stable `code`, the request id, and JSON-ready `details` where there are any."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "code": code,
        "request_id": request_id(request.scope),
    }
    if details:
        body["details"] = details
    return Response(
        orjson.dumps(body),
        status,
        headers={**(headers or {}), REQUEST_ID_HEADER: body["request_id"]},
        media_type=PROBLEM_MEDIA_TYPE,
    )


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, FacetError)
    if STATUS[type(error)] == HTTPStatus.INTERNAL_SERVER_ERROR:
        return await _unexpected(request, error)
    return problem_of(request, error)


def problem_of(request: Request, error: FacetError) -> Response:
    """The problem response of a domain error."""
    status, headers = STATUS[type(error)], {}
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = str(max(1, math.ceil(error.details.get("retry_after", RETRY_AFTER))))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.REQUEST_TIMEOUT:
        headers["Connection"] = "close"  # the rest of the body would still come on it
    return problem(request, status, error.code, error.message, details=error.details, headers=headers)


async def _invalid_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    sentences = [f"{'.'.join(str(place) for place in item['loc'][1:])}: {item['msg']}" for item in error.errors()]
    return problem(request, 422, errors.InvalidRequest.code, "; ".join(sentences))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = HTTPStatus(error.status_code), dict(error.headers or {})
    detail = error.detail
    if status == HTTPStatus.NOT_FOUND:
        detail = "There is no such path; /docs lists those that there are."
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _methods_of_path(request)
        detail = f"This path does not take {request.method}; it takes {headers['Allow']}."
    return problem(request, status, status.name.lower(), detail, headers=headers)


def _methods_of_path(request: Request) -> str:
    """The methods that the path of a request takes by any of the routes; each route knows its own alone."""
    scope = {name: request.scope[name] for name in ("type", "path", "root_path")}
    return ", ".join(
        method.value
        for method in HTTPMethod
        if any(route.matches({**scope, "method": method.value})[0] is Match.FULL for route in request.app.routes)
    )


async def _disconnected(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Nobody is left to read this; it only keeps a caller's departure out of the error log."""
    return problem(request, 400, "disconnected", "The connection closed before the request was complete.")


async def _unexpected(request: Request, error: Exception) -> Response:
    scope, name = request.scope, request_id(request.scope)
    with working_for(name):
        logger.error("request %s failed: %s %s", name, method_of(scope), route_of(scope), exc_info=error)
    return problem(
        request, 500, FacetError.code, "Something failed inside the service; the request id finds it in the log."
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every failure of the application as a problem."""
    app.add_exception_handler(FacetError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid_parameters)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _disconnected)
    app.add_exception_handler(Exception, _unexpected)
