import httpx
import pytest

from service.playground.page_routes import CONTENT_POLICY
from tests.service.asking import assert_problem

TYPES = {
    "/": "text/html",
    "/docs": "text/html",
    "/page/app.js": "text/javascript",
    "/page/style.css": "text/css",
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
