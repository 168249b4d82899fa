"""The playground page, and the routes to read and to try, both without anything from elsewhere."""

from fastapi import Request, Response
from starlette.staticfiles import StaticFiles

from service.routing.router import Router

router = Router(include_in_schema=False)

PAGE = StaticFiles(packages=[("service", "playground/page")])
SWAGGER = StaticFiles(packages=[("fastapi_offline", "static")])

CONTENT_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
"""Everything comes from this origin, and nothing in a page's text runs."""

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Kept, and asked for again by its ETag each time: a page of two versions would be worse than a short question.
    "Cache-Control": "no-cache",
}


async def _file(files: StaticFiles, path: str, request: Request) -> Response:
    """A file, or 304 where the caller has it already. Raises HTTPException 404."""
    response = await files.get_response(path, request.scope)
    response.headers.update(HEADERS)
    return response


@router.get("/")
async def home(request: Request) -> Response:
    """The playground."""
    return await _file(PAGE, "index.html", request)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The OpenAPI document, to read and to try."""
    return await _file(PAGE, "docs.html", request)


@router.get("/page/swagger/{path:path}")
async def swagger(path: str, request: Request) -> Response:
    """What the page of the routes is made of."""
    return await _file(SWAGGER, path, request)


@router.get("/page/{path:path}")
async def page(path: str, request: Request) -> Response:
    """What the playground is made of."""
    return await _file(PAGE, path, request)
