import re
from pathlib import PurePosixPath

import httpx
import pytest

from service.playground.page_routes import CONTENT_POLICY, PAGE
from tests.service.asking import assert_problem

TYPES = {
    "/": "text/html",
    "/docs": "text/html",
    "/page/app.js": "text/javascript",
    "/page/styles/base.css": "text/css",
    "/page/icon.svg": "image/svg+xml",
    "/page/swagger/swagger-ui-bundle.js": "text/javascript",
}


@pytest.mark.parametrize(("path", "media_type"), TYPES.items())
def test_each_file_has_its_type_and_policy_and_is_sent_once(client: httpx.Client, path: str, media_type: str) -> None:
    answer = client.get(path)
    assert answer.headers["Content-Type"].split(";")[0] == media_type
    assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_policy_lets_nothing_run_that_is_not_a_file_of_the_origin() -> None:
    assert "unsafe" not in CONTENT_POLICY
    assert "*" not in CONTENT_POLICY
    assert CONTENT_POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize(
    "path", ["/page/nowhere.js", "/page/../app.py", "/page/%2e%2e/app.py", "/page/", "/page/swagger/"]
)
def test_nothing_else_is_served(client: httpx.Client, path: str) -> None:
    assert_problem(client.get(path), 404, "not_found")


IMPORT = re.compile(r'^(?:import|\} from|export .* from)\b.*"(\.[^"]+)";$', re.MULTILINE)


def imported(name: str) -> set[str]:
    """The modules that a module needs before it runs, and their own."""
    here = PurePosixPath(name).parent
    found: set[str] = set()
    for path in IMPORT.findall(PAGE[name].content.decode()):
        base = here
        for part in PurePosixPath(path).parts:
            base = base.parent if part == ".." else base / part
        found |= {str(base)} | (imported(str(base)) if str(base) not in found else set())
    return found


def test_what_the_first_face_needs_is_fetched_in_one_round_trip() -> None:
    preloaded = re.findall(r'rel="modulepreload" href="page/([^"]+)"', PAGE["index.html"].content.decode())
    assert sorted(preloaded) == sorted(imported("app.js"))
    assert "base/dom.js" in preloaded
    assert not [name for name in preloaded if name.startswith("panels/") and name != "panels/snippet.js"]


def test_every_module_is_reached() -> None:
    late = imported("panels/panels.js") | {"panels/panels.js"}
    modules = {name for name in PAGE if name.endswith(".js")} - {"app.js", "docs.js"}
    assert imported("app.js") | late == modules
