"""A photograph from the camera: a file of drawn faces in the place of a camera."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.faces import draw_face, jpeg
from tests.playground.conftest import CHROMIUM, FLAGS
from tests.processes import wait_until

CAMERA = ("--use-fake-device-for-media-stream", "--use-file-for-fake-video-capture={}")


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose camera shows one drawn face."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; install the system's chromium to test the page")
    film = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    film.write_bytes(4 * jpeg(draw_face(size=480, seed=1)))
    flags = [*FLAGS, *(flag.format(film) for flag in CAMERA)]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, which may use the camera unless the test is called otherwise."""
    with browser.new_context(reduced_motion="reduce") as context:
        context.grant_permissions([] if "not_allowed" in request.node.name else ["camera"], origin=address)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        yield page


RUNNING = "document.querySelector('#camera-picture').srcObject !== null"


def test_it_asks_first_and_sends_the_photograph_alone(page: Page) -> None:
    sent: list[str] = []
    page.wait_for_timeout(500)
    page.on("request", lambda request: sent.append(request.url.rsplit("/", 1)[1].split("?")[0]))
    page.locator("#second .snap").click()
    expect(page.locator("#camera-text")).to_contain_text("The camera is off.")
    assert not page.evaluate(RUNNING)
    assert Axe().run(page).violations_count == 0
    page.locator("#camera-on").click()
    expect(page.locator("#camera-picture")).to_be_visible()
    assert page.evaluate(RUNNING)
    page.wait_for_timeout(500)
    assert sent == []
    page.locator("#camera-take").click()
    expect(page.locator("#second .note")).to_contain_text("% redrawn")
    assert sorted(sent[:2]) == ["embed", "reconstruct"]
    assert not page.evaluate(RUNNING)
    expect(page).not_to_have_url(re.compile("second="))


def test_by_keyboard_and_nothing_is_sent_when_it_is_left(page: Page) -> None:
    sent: list[str] = []
    page.wait_for_timeout(500)
    page.on("request", lambda request: sent.append(request.url))
    page.locator("#first .snap").focus()
    page.keyboard.press("Enter")
    page.locator("#camera-on").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#camera-take")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#camera")).to_be_hidden()
    expect(page.locator("#first .snap")).to_be_focused()
    # A dialog tells of its closing a moment after it has closed; the page's policy lets nobody else wait in it.
    wait_until(lambda: not page.evaluate(RUNNING), 5)
    page.wait_for_timeout(300)
    assert sent == []
    expect(page.locator("#first .note")).to_have_text("generated")


def test_not_allowed_is_said_in_words(page: Page) -> None:
    page.locator("#first .snap").click()
    page.locator("#camera-on").click()
    expect(page.locator("#camera-problem")).to_have_text("The browser was not allowed to use a camera.")
    page.locator("#camera-cancel").click()
    expect(page.locator("#camera")).to_be_hidden()
