"""The edited face turns with the pointer, a finger and the arrow keys."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.playground.conftest import Visit
from tests.playground.looking import box_of, edited, expect_caption
from tests.service.asking import pixels

HINT = re.compile("to turn it")


def point(page: Page, across: float, down: float) -> None:
    """Move the mouse to a place in the edited face, from its left (0) to its right (1)."""
    box = box_of(page, "#turn")
    page.mouse.move(box["left"] + across * box["width"], box["top"] + down * box["height"], steps=8)


def angle(page: Page, name: str) -> int:
    return int(page.locator(f"#edit-{name}").input_value())


def test_it_looks_at_the_pointer_and_comes_back(visit: Visit) -> None:
    page = visit.open("#first=5&second=9")
    before, own = pixels(edited(page)), (angle(page, "yaw"), angle(page, "pitch"))
    point(page, 0.5, 0.5)
    point(page, 0.98, 0.02)
    expect(page.locator("#edit-yaw")).to_have_value("31")
    expect(page.locator("#edit-pitch")).to_have_value("13")
    expect(page.locator("#edited-caption")).to_have_text(HINT)
    page.mouse.move(5, 5)
    expect(page.locator("#edit-yaw")).to_have_value(str(own[0]))
    expect(page.locator("#edit-pitch")).to_have_value(str(own[1]))
    expect(page).not_to_have_url(re.compile("yaw"))
    assert (pixels(edited(page)) == before).all()


def test_one_request_is_on_its_way_at_a_time(visit: Visit) -> None:
    page = visit.open("#first=5&second=9")
    now, most = 0, 0

    def begins(request: Request) -> None:
        nonlocal now, most
        if request.url.endswith("/edit"):
            now += 1
            most = max(now, most)

    def ends(request: Request) -> None:
        nonlocal now
        now -= request.url.endswith("/edit")

    page.on("request", begins)
    page.on("requestfinished", ends)
    for across in (0.1, 0.9, 0.2, 0.8):
        point(page, across, 0.5)
    expect(page.locator("#edit-yaw")).to_have_value("19")
    assert most == 1


def test_a_click_keeps_the_pose_until_it_is_undone(visit: Visit) -> None:
    page = visit.open("#first=5&second=9")
    point(page, 0.5, 0.5)
    point(page, 0.75, 0.25)
    page.mouse.down()
    page.mouse.up()
    expect_caption(page, "yaw 16°, pitch 7°")
    point(page, 0.2, 0.5)
    page.mouse.move(5, 5)
    expect(page.locator("#edit-yaw")).to_have_value("16")
    expect_caption(page, "yaw 16°, pitch 7°")
    page.get_by_role("button", name="Undo all").click()
    expect(page.locator("#edited-caption")).to_have_text(HINT)


def test_the_arrow_keys_turn_it(visit: Visit) -> None:
    page = visit.open("#first=5&second=9")
    yaw, pitch = angle(page, "yaw"), angle(page, "pitch")
    point(page, 0.9, 0.5)  # where the pointer rests over the face, the keys go before it
    page.locator("#turn").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    expect_caption(page, f"yaw {yaw + 10}°, pitch {pitch + 5}°")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect_caption(page, f"yaw -60°, pitch {pitch + 5}°")


TOUCH = """([kind, across]) => {
    const stage = document.querySelector('#turn'), box = stage.getBoundingClientRect();
    stage.dispatchEvent(new PointerEvent(kind, {
        pointerType: 'touch', bubbles: true, buttons: kind === 'pointerup' ? 0 : 1,
        clientX: box.left + across * box.width, clientY: box.top + 0.1 * box.height,
    }));
}"""


@pytest.mark.parametrize(("end", "kept"), [("pointerup", True), ("pointercancel", False)])
def test_a_finger_turns_it_from_side_to_side_and_keeps_it_unless_it_scrolls(visit: Visit, end: str, kept: bool) -> None:
    page = visit.open("#first=5&second=9")
    own = angle(page, "yaw")
    for event in (("pointerdown", 0.5), ("pointermove", 0.6), ("pointermove", 0.75)):
        page.evaluate(TOUCH, event)
    expect(page.locator("#edit-yaw")).to_have_value("16")
    page.evaluate(TOUCH, (end, 0.75))
    if kept:
        expect_caption(page, "yaw 16°")
    else:
        expect(page.locator("#edit-yaw")).to_have_value(str(own))
        expect(page).not_to_have_url(re.compile("yaw"))
