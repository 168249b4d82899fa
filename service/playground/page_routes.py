"""Serves the playground page and the API reference (Swagger UI), without anything from another server."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent / "page"
MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
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
    # The page asks for the camera when the reader wants to take a photograph; nothing framed by it may.
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    # Kept, and asked for again by its ETag each time: a page of two versions would be worse than a short question.
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True)
class PageFile:
    """A file of the page as it is sent."""

    content: bytes
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> "PageFile":
        """What a file holds now."""
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:32]
        return cls(content, MEDIA_TYPES[path.suffix], f'"{digest}"')


PAGE = {path.relative_to(FOLDER).as_posix(): PageFile.read(path) for path in FOLDER.rglob("*.*")}
"""The files by their paths. The page is made of some thirty small ones, and to look each up on the disk took 1.2 ms,
which is longer than to send it; so a file that changes is sent after a restart."""


def _file(name: str, request: Request) -> Response:
    """A file of the page, or 304 where the caller has it already. Raises HTTPException 404."""
    if name not in PAGE:
        raise HTTPException(404)
    file = PAGE[name]
    headers = {**HEADERS, "ETag": file.etag}
    if request.headers.get("If-None-Match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.get("/")
async def home(request: Request) -> Response:
    """The playground."""
    return _file("index.html", request)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The OpenAPI document, to read and to try."""
    return _file("docs.html", request)


@router.get("/page/swagger/{path:path}")
async def swagger(path: str, request: Request) -> Response:
    """What the page of the routes is made of."""
    response = await SWAGGER.get_response(path, request.scope)
    response.headers.update(HEADERS)
    return response


@router.get("/page/{path:path}")
async def page(path: str, request: Request) -> Response:
    """What the playground is made of."""
    return _file(path, request)
