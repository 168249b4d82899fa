"""The grid that walks from the first face to the second, one part a row."""

import numpy as np
from playwright.sync_api import Page, expect

from tests.playground.conftest import Visit
from tests.playground.looking import box_of, edited, expect_caption, open_tab
from tests.service.asking import pixels

CELL = "#walk-table [data-name={}][data-share='{}']"


def expect_drawn(page: Page, count: int, size: int) -> None:
    """Wait until every picture is there, as large as it is drawn."""
    pictures = page.locator("#walk-table img")
    expect(pictures).to_have_count(count)
    page.wait_for_function(
        "(size) => [...document.querySelectorAll('#walk-table img')].every((image) => image.naturalWidth === size)",
        arg=size,
    )


def test_a_picture_of_the_grid_becomes_the_edited_face(visit: Visit) -> None:
    page = visit.open("#first=5&second=9")
    size = visit.client.get("/model").json()["image_size"]
    open_tab(page, "walk")
    expect_drawn(page, 4 * 11, size)
    page.locator(CELL.format("identity", 0.5)).click()
    expect_caption(page, "identity 50 %")
    expect(page.locator("#take-identity")).to_have_value("0.5")
    expect(page.locator(CELL.format("identity", 0.5))).to_have_attribute("aria-pressed", "true")
    ask = {"headers": {"Accept": "application/json"}}
    first, second = (visit.client.post(f"/generate?seed={seed}", **ask).json()[0]["embedding"] for seed in (5, 9))
    edits = [{"attribute": "identity", "from": second, "amount": 0.5}]
    expected = visit.client.post("/edit", json={"embedding": first, "edits": edits}).content
    assert np.abs(pixels(edited(page)).astype(int) - pixels(expected)).max() <= 1
    page.locator(CELL.format("pose", 1)).click()
    for angle, number in (("pitch", 0), ("yaw", 1), ("roll", 2)):
        degrees = round(float(np.degrees(second["pose"][number])))
        expect(page.locator(f"#edit-{angle}")).to_have_value(str(degrees))
    page.locator(CELL.format("identity", 0)).click()
    expect(page.locator("#take-identity")).to_have_value("0")


def test_the_grid_by_keyboard_follows_the_faces(visit: Visit) -> None:
    page = visit.open("#first=5&second=9")
    page.locator("#tab-search").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-walk")).to_be_focused()
    size = visit.client.get("/model").json()["image_size"]
    expect_drawn(page, 4 * 11, size)
    before = page.locator(CELL.format("style", 1) + " img").get_attribute("src")
    page.locator("#second .take").focus()
    page.keyboard.press("Enter")
    expect(page.locator(CELL.format("style", 1) + " img")).not_to_have_attribute("src", str(before))
    expect_drawn(page, 4 * 11, size)
    page.locator(CELL.format("style", 1)).focus()
    page.keyboard.press("Enter")
    expect_caption(page, "style 100 %")


def test_on_a_phone_the_grid_has_fewer_steps_and_stays_in_the_page(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open("#first=5&second=9")
    open_tab(page, "walk")
    expect(page.locator("#walk-table img")).to_have_count(4 * 4)
    table, window = box_of(page, "#walk-table"), page.evaluate("document.documentElement.scrollWidth")
    assert table["right"] <= window == 390
