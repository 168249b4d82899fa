"""What the tests of the page do with it and see of it."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

EVERYTHING = ("#first .given", "#second .given", "#edited", "#parts input", "#link", "#search input", "#results li")

SHOWN = """async () => {
    const link = document.querySelector('#download'), image = new Image();
    for (let source; source !== link.href; ) {  // decoding fails where a newer picture arrives meanwhile
        source = link.href;
        image.src = source;
        await image.decode().catch((error) => { if (source === link.href) throw error; });
    }
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    canvas.getContext('2d').drawImage(image, 0, 0);
    return [...await (await canvas.convertToBlob()).bytes()];
}"""


def edited(page: Page) -> bytes:
    """The edited face's picture, as PNG."""
    expect(page.locator("#download")).to_have_attribute("href", re.compile("^blob:"))
    return bytes(page.evaluate(SHOWN))


def expect_caption(page: Page, text: str) -> None:
    """Wait until the edits are drawn that the caption names."""
    expect(page.locator("#edited-caption")).to_have_text(text)


def upload(page: Page, slot: str, path: Path) -> None:
    """Choose a photograph as the first or the second face."""
    page.set_input_files(f"#{slot} input[type=file]", path)
    expect(page.locator(f"#{slot} .note")).to_contain_text("redrawn")


def open_tab(page: Page, name: str) -> None:
    """Show a panel."""
    page.locator(f"#tab-{name}").click()
    expect(page.locator(f"#{name}")).to_be_visible()


def box_of(page: Page, selector: str) -> dict[str, float]:
    """Where an element lies in the window."""
    box: dict[str, float] = page.locator(selector).first.evaluate("(node) => node.getBoundingClientRect().toJSON()")
    return box


def expect_one_screen(page: Page, width: int, height: int) -> None:
    """Wait for the results of the search; all that the page opens with is in the window then, and nothing scrolls."""
    expect(page.locator("#results li").first).to_be_visible()
    for selector in EVERYTHING:
        for node in page.locator(selector).all():
            box = node.evaluate("(node) => node.getBoundingClientRect().toJSON()")
            assert 0 <= box["top"] < box["bottom"] <= height, (selector, box)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.documentElement.scrollHeight") == height, "the page scrolls"
