import re
import subprocess
from pathlib import Path
from typing import Literal

import httpx
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.faces import jpeg
from tests.playground.conftest import Visit
from tests.playground.looking import box_of, edited, expect_caption, open_tab, upload
from tests.service.asking import JSON, embedding_of, pixels, xmp


def test_from_an_upload_to_an_edited_face_by_mouse(visit: Visit, photographs: list[Path]) -> None:
    page = visit.open()
    with page.expect_file_chooser() as chooser:
        page.locator("#first label.source").click()
    chooser.value.set_files(photographs[0])
    expect(page.locator("#first .boxes .taken")).to_have_count(1)
    expect(page.locator("#first .crop")).to_be_visible()
    before = pixels(edited(page))
    box = page.locator("#edit-yaw").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    expect(page.locator("#edited-caption")).to_contain_text("yaw")
    assert (pixels(edited(page)) != before).any()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    saved = download.value.path().read_bytes()
    assert (pixels(saved) == pixels(edited(page))).all()
    assert "trainedAlgorithmicMedia" in xmp(saved)
    page.get_by_role("button", name="Undo all").click()
    expect(page.locator("#status")).to_have_text("Drawn: unchanged")
    assert (pixels(edited(page)) == before).all()


def test_an_edit_by_keyboard_alone(visit: Visit) -> None:
    page = visit.open()
    page.locator("#first .take").focus()
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("first=43&"))
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "edit-yaw":
            break
    start = int(page.locator("#edit-yaw").input_value())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect_caption(page, f"yaw {start + 2}°")
    assert page.locator("#status").inner_text() == f"Drawn: yaw {start + 2}°"
    page.locator("[name=preset]").first.focus()
    page.keyboard.press("ArrowRight")
    expect_caption(page, f"neutral 100 %, yaw {start + 2}°")


def test_a_part_of_the_second_face_is_borrowed_as_the_service_does_it(visit: Visit, photographs: list[Path]) -> None:
    page = visit.open()
    for slot, path in zip(("first", "second"), photographs, strict=True):
        upload(page, slot, path)
    before = page.locator("#part-style .strip").inner_html()
    page.locator("#take-style").fill("1")
    expect_caption(page, "style 100 %")
    files = {"image": photographs[0].read_bytes(), "source": photographs[1].read_bytes()}
    expected = visit.client.post("/edit?attr=style", files=files).content
    assert (pixels(edited(page)) == pixels(expected)).all()
    assert page.locator("#part-style .strip").inner_html() != before
    expect(page).not_to_have_url(re.compile("first|ada"))


def test_the_picture_follows_while_the_slider_moves(visit: Visit) -> None:
    page = visit.open("#first=3")
    edited(page)
    visit.requested.clear()
    page.evaluate("""() => {
        const slider = document.querySelector('#edit-yaw');
        for (let degrees = -30; degrees <= 30; degrees++) {
            slider.value = degrees;
            slider.dispatchEvent(new Event('input'));
        }
    }""")
    expect_caption(page, "yaw 30°")
    steps = [url for url in visit.requested if url.endswith("/edit")]
    assert 1 <= len(steps) <= 2, "the next request goes out when the last has answered"


def test_the_link_brings_faces_edits_and_the_search_back(visit: Visit) -> None:
    visit.client.post("/demo").raise_for_status()
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit.open("#first=5&second=9&yaw=25&preset=happiness%3A0.8&take-style=0.5&pitch=900&take-age=1")
    expect_caption(page, "style 50 %, happiness 80 %, yaw 25°")
    page.locator("#edit-roll").fill("7")
    page.locator("#like-style").fill("-0.4")
    expect_caption(page, "style 50 %, happiness 80 %, yaw 25°, roll 7°")
    expect(page).to_have_url(re.compile("like-style=-0.4"))
    shown = edited(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#link")).to_have_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "pitch" not in link
    page.goto("about:blank")
    page.goto(link)
    page.wait_for_selector("body[data-ready]")
    expect_caption(page, "style 50 %, happiness 80 %, yaw 25°, roll 7°")
    expect(page.locator("#like-style")).to_have_value("-0.4")
    assert (pixels(edited(page)) == pixels(shown)).all()


def test_a_photograph_is_in_no_link(visit: Visit, photographs: list[Path]) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit.open("#first=5&second=9")
    upload(page, "second", photographs[1])
    expect(page).to_have_url(re.compile("#first=5$"))
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#status")).to_contain_text("It leaves out the second face")


def test_the_search_follows_the_edited_face(visit: Visit) -> None:
    visit.client.post("/demo").raise_for_status()
    page = visit.open("#first=5&second=9&take-expression=1")
    page.locator("#like-expression").fill("1")
    first, second = (
        visit.client.post(f"/generate?seed={seed}", headers=JSON).json()[0]["embedding"] for seed in (5, 9)
    )
    query = {"attr": ["identity:1", "expression:1"], "k": 16}
    mixed = {**first, "expression": second["expression"]}
    answer = visit.client.post("/search", params=query, json={"embedding": mixed}).json()
    expect(page.locator("#searched")).to_have_text("16 of 48 faces")
    faces = [face["id"] for face in answer["results"]]
    page.wait_for_function(
        "(faces) => faces.join() === [...document.querySelectorAll('#results li')].map((li) => li.dataset.face).join()",
        arg=faces,
    )
    expect(page.locator("#results .thumbnail img")).to_have_count(16)
    shown = page.locator("#results .likeness").first.inner_text().replace("−", "-").split(" · ")
    similarities = answer["results"][0]["similarities"]
    assert [float(number) for number in shown] == pytest.approx(
        [similarities["identity"], similarities["expression"]], abs=0.006
    )
    before = page.locator("#results li").first.get_attribute("data-face")
    page.locator("#take-identity").fill("1")
    expect(page.locator("#results li").first).not_to_have_attribute("data-face", str(before))


def test_a_picture_without_a_face_is_said_in_words_and_the_old_face_stays(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("#first=5&second=9")
    (tmp_path / "wall.jpg").write_bytes(jpeg(np.full((200, 200, 3), 128, np.uint8)))
    page.set_input_files("#first input[type=file]", tmp_path / "wall.jpg")
    expect(page.locator("#first-problem")).to_contain_text("The first face stays. No face was found")
    (tmp_path / "notes.txt").write_text("no picture")
    page.set_input_files("#second input[type=file]", tmp_path / "notes.txt")
    expect(page.locator("#second-problem")).to_contain_text("JPEG, PNG or WebP")
    expect(page).to_have_url(re.compile("#first=5&second=9$"))
    assert Axe().run(page).violations_count == 0


def test_variations_keep_what_is_ticked_and_become_faces(visit: Visit) -> None:
    page = visit.open("#first=5")
    open_tab(page, "variations")
    with page.expect_response("**/generate?count=8**") as answer:
        page.get_by_role("button", name="Draw eight faces").click()
    identity = embedding_of_generated(visit, 5)["identity"]
    for face in answer.value.json():
        assert face["embedding"]["identity"] == pytest.approx(identity, abs=1e-6)
    for slot in ("first", "second"):
        page.get_by_role("button", name=f"Use variation 3 as the {slot} face").click()
        expect(page.locator(f"#{slot} .note")).to_have_text("a variation")
    expect(page.locator("#part-style .alike")).to_have_text("similarity 1.00")


@pytest.mark.parametrize("width", [1280, 390])
def test_no_label_of_a_variation_is_cut_off_or_takes_two_lines(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 844})
    page = visit.open()
    open_tab(page, "variations")
    page.get_by_role("button", name="Draw eight faces").click()
    buttons = page.locator("#variations-list button")
    expect(buttons).to_have_count(16)
    for button in buttons.all():
        assert button.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1 && node.clientHeight < 40")


def test_on_a_phone_what_is_wrong_with_a_picture_leaves_room_for_the_sliders(visit: Visit, tmp_path: Path) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open()
    (tmp_path / "wall.jpg").write_bytes(jpeg(np.full((200, 200, 3), 128, np.uint8)))
    page.set_input_files("#second input[type=file]", tmp_path / "wall.jpg")
    expect(page.locator("#second-problem")).to_contain_text("No face was found")
    problem, view, slider = (box_of(page, name) for name in ("#second-problem", ".view", "#edit-roll"))
    assert problem["width"] > 0.85 * 390
    assert problem["height"] < 80
    assert view["bottom"] < slider["bottom"] < 844 * 0.6


def embedding_of_generated(visit: Visit, seed: int) -> dict[str, list[float]]:
    picture = visit.client.post(f"/generate?seed={seed}").content
    with httpx.Client(base_url=visit.address, params={"align": "none"}) as client:
        return embedding_of(client, picture)


def test_the_command_for_curl_does_the_same(visit: Visit, photographs: list[Path], tmp_path: Path) -> None:
    page = visit.open()
    upload(page, "first", photographs[0])
    page.locator("#edit-yaw").fill("20")
    expect_caption(page, "yaw 20°")
    open_tab(page, "code")
    expect(page.locator("#snippet")).to_contain_text("edits=")
    command = page.locator("#snippet").inner_text()
    (tmp_path / "ada.jpg").write_bytes(photographs[0].read_bytes())
    subprocess.run(command, shell=True, check=True, cwd=tmp_path, timeout=30, capture_output=True)
    assert (pixels((tmp_path / "edited.png").read_bytes()) == pixels(edited(page))).all()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_either_theme_and_nothing_is_wider_than_the_page(
    visit: Visit, scheme: Literal["light", "dark"], width: int
) -> None:
    visit.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    visit.page.set_viewport_size({"width": width, "height": 844})
    visit.client.post("/demo").raise_for_status()
    page = visit.open("#first=5&second=9&yaw=25&take-style=0.5")
    ready = {"search": "#results img", "walk": "#walk-table img", "variations": "#keep", "gallery": "#enrolled img"}
    for name in (*ready, "code"):
        open_tab(page, name)
        expect(page.locator(ready.get(name, "#snippet")).first).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, (name, found.generate_report())
        assert page.evaluate("document.documentElement.scrollWidth") == width, name


def test_the_theme_is_chosen_and_kept(visit: Visit) -> None:
    visit.page.emulate_media(color_scheme="light")
    page = visit.open()

    def ground() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = ground()
    page.get_by_role("button", name="Dark theme").click()
    dark = ground()
    assert dark != light
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert ground() == dark
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()


def test_the_routes_are_shown_without_another_origin(visit: Visit) -> None:
    visit.page.goto(f"{visit.address}/docs")
    expect(visit.page.locator("#operations-drawing-edit")).to_be_visible()
