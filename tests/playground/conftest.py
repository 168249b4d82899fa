"""A real browser on a real service with the dummy model."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.faces import draw_face, jpeg
from tests.service.serving import dummy_app, serving

PATIENCE = 30.0
"""Seconds that the page and the service may take on a slow machine that does other things too."""
expect.set_options(timeout=1000 * PATIENCE)
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers. Its event loop runs in this thread as long as it is there: no longer than it must."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; install the system's chromium to test the page")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the service is that all these tests share."""
    with serving(dummy_app(tmp_path_factory.mktemp("data"))) as client:
        yield str(client.base_url)


class Visit:
    """The page in a fresh profile, and what it did besides."""

    def __init__(self, page: Page, address: str, client: httpx.Client) -> None:
        self.page, self.address, self.client = page, address, client
        self.requested: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(1000 * PATIENCE)
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # Listened for from the start: a key may overtake the word to Chromium that a chooser is awaited.
        page.on("filechooser", lambda _: None)

    def open(self, fragment: str = "") -> Page:
        """The page once it is ready."""
        self.page.goto(f"{self.address}/{fragment}")
        self.page.wait_for_selector("body[data-ready]")
        return self.page


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """A visit; in its end nothing was asked of another origin, and the page broke neither its policy nor itself."""
    # Less motion: the face does not turn by itself at the opening, but where a test asks for it.
    with (
        httpx.Client(base_url=address, timeout=2 * PATIENCE) as client,
        browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce") as context,
    ):
        visit = Visit(context.new_page(), address, client)
        yield visit
        assert [url for url in visit.requested if not url.startswith((address, "blob:", "data:"))] == []
        assert [text for text in visit.complaints if "Failed to load resource" not in text] == []


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two photographs of different people."""
    folder = tmp_path_factory.mktemp("photographs")
    paths = [folder / "ada.jpg", folder / "bob.jpg"]
    for seed, path in enumerate(paths, start=1):
        path.write_bytes(jpeg(draw_face(seed=seed)))
    return paths
