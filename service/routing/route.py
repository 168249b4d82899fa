"""How a route answers: parameters from the path and the query into its function, and what that gives into JSON."""

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, get_args

from fastapi import Response
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from gallery.store.time_limit import ANSWER_SECONDS, limited
from service.responses.pictures import JSON
from service.routing.request import FacetRequest
from service.security.caller import authorize

_QUERIES, _QUERY_BYTES = 256, 128
"""How many query strings of a function are remembered with what they mean, and up to what length. Callers ask for the
same thing again and again; but no string is remembered that may hold a name."""


class Answering:
    """The ASGI application of one route, which asks `authorize` before anything else.

    FastAPI reads and describes the route; its own way to answer takes a third of the time of a small request. A route's
    function takes parameters of the path and the query, its request, a response whose headers it adds to, and what
    depends on these; it reads its body by `FacetRequest.inputs`.
    """

    def __init__(self, route: APIRoute) -> None:
        """Raises TypeError for a function that takes anything else."""
        self._function = _Function(route.dependant)
        self._status = route.status_code or 200
        self._takes_response = route.dependant.response_param_name is not None
        if route.response_field is not None:
            adapter = route.response_field._type_adapter  # what FastAPI itself writes answers with
            self._json = partial(adapter.dump_json, by_alias=True, exclude_none=route.response_model_exclude_none)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = FacetRequest(scope, receive)
        authorize(request)
        # What a function that takes a response writes into its headers goes into those of the answer.
        response = Response() if self._takes_response else None
        values, errors = await self._function.values(request, response)
        if errors:
            raise RequestValidationError(errors)
        with limited(ANSWER_SECONDS):
            answer = await self._function.call(**values)
        if not isinstance(answer, Response):
            answer = Response(self._json(answer), self._status, media_type=JSON)
            if response is not None:
                answer.raw_headers += [header for header in response.raw_headers if header[0] != b"content-length"]
        await answer(scope, receive, send)


class _Function:
    """A function of a route or of what it depends on, and where its arguments come from."""

    def __init__(self, dependant: Dependant) -> None:
        assert dependant.call is not None
        if dependant.header_params or dependant.cookie_params or dependant.body_params:
            raise TypeError(f"{dependant.call.__name__} takes parameters that are neither of the path nor of the query")
        self.call: Callable[..., Any] = dependant.call
        if not inspect.iscoroutinefunction(dependant.call):
            self.call = partial(run_in_threadpool, dependant.call)
        self._request, self._response = dependant.request_param_name, dependant.response_param_name
        self._path, self._query = dependant.path_params, dependant.query_params
        self._inner = [(str(inner.name), _Function(inner)) for inner in dependant.dependencies]
        has_names = any(_is_text(param.field_info.annotation) for param in self._query)
        self._known_query = self._of_query if has_names else lru_cache(_QUERIES)(self._of_query)

    async def values(self, request: FacetRequest, response: Response | None) -> tuple[dict[str, Any], list[Any]]:
        """The arguments, and FastAPI's list of what is wrong with them."""
        query = request.scope["query_string"]
        values, errors = (self._known_query if len(query) <= _QUERY_BYTES else self._of_query)(query)
        values, errors = dict(values), list(errors)
        if self._path:
            found, wrong = request_params_to_args(self._path, request.path_params)
            values |= found
            errors = wrong + errors
        for name, function in self._inner:
            found, wrong = await function.values(request, response)
            errors += wrong
            if not wrong:
                values[name] = await function.call(**found)
        if self._request is not None:
            values[self._request] = request
        if self._response is not None:
            values[self._response] = response
        return values, errors

    def _of_query(self, query: bytes) -> tuple[Mapping[str, Any], list[Any]]:
        return request_params_to_args(self._query, QueryParams(query))


def _is_text(annotation: Any) -> bool:
    """Whether a parameter's type is any text, or holds any; of the texts of a Literal each is known."""
    return annotation is str or any(map(_is_text, get_args(annotation)))
