"""The scopes of API keys, and which of them each route needs."""

from collections.abc import Mapping
from enum import StrEnum


class Scope(StrEnum):
    """One kind of permission; `admin` holds all others."""

    EMBED = "embed"
    """Embed, compare, edit and draw faces of pictures that the caller sends."""
    SEARCH = "search"
    """Look at enrolled faces and search among them."""
    ENROL = "enrol"
    """Add and change enrolled faces."""
    ERASE = "erase"
    """Remove enrolled faces."""
    ADMIN = "admin"


class Open(StrEnum):
    """What needs no scope."""

    PUBLIC = "public"
    """No key at all."""
    ANY_KEY = "any key"


Need = Open | tuple[Scope, ...]

NEEDS: Mapping[str, Open | Scope | tuple[Scope, ...]] = {
    "POST /embed": Scope.EMBED,
    "POST /reconstruct": Scope.EMBED,
    "POST /edit": Scope.EMBED,
    "POST /generate": Scope.EMBED,
    "POST /verify": Scope.EMBED,
    **{
        f"POST /stimuli/{kind}": Scope.EMBED
        for kind in (
            "again",
            "average",
            "caricature",
            "classification",
            "continuum",
            "direction",
            "factorial",
            "noise",
        )
    },
    "POST /search": Scope.SEARCH,
    "GET /search": Scope.SEARCH,
    "POST /identify": Scope.SEARCH,
    "GET /faces": Scope.SEARCH,
    "GET /faces/{face_id}": Scope.SEARCH,
    "GET /faces/{face_id}/crop": Scope.SEARCH,
    "GET /collections": Scope.SEARCH,
    "POST /faces": Scope.ENROL,
    # It gives the face back, its embedding too.
    "PATCH /faces/{face_id}": (Scope.ENROL, Scope.SEARCH),
    "POST /demo": Scope.ENROL,
    "DELETE /faces/{face_id}": Scope.ERASE,
    "DELETE /subjects/{subject}": Scope.ERASE,
    "POST /jobs/import": Scope.ENROL,
    # It takes the turn of imports, and whoever may not end a job shall not begin one.
    "POST /collections/{name}/groups": (Scope.ENROL, Scope.SEARCH),
    "POST /collections/{name}/reembed": Scope.ENROL,
    "GET /jobs": Scope.SEARCH,
    "GET /jobs/{job_id}": Scope.SEARCH,
    "GET /jobs/{job_id}/events": Scope.SEARCH,
    "DELETE /jobs/{job_id}": Scope.ENROL,
    "GET /model": Open.ANY_KEY,
    "GET /metrics": Scope.ADMIN,
    "GET /health/live": Open.PUBLIC,
    "GET /health/ready": Open.PUBLIC,
    "GET /": Open.PUBLIC,
    "GET /docs": Open.PUBLIC,
    "GET /page/swagger/{path}": Open.PUBLIC,
    "GET /page/{path}": Open.PUBLIC,
}
"""What each route needs, by its method and path; one that is not here needs `admin`."""


def need_of(method: str, path: str) -> Need:
    """What the route with a path template needs: all of some scopes, or none."""
    need = NEEDS.get(f"{method} {path}", Scope.ADMIN)
    return (need,) if isinstance(need, Scope) else need
