import re
import subprocess
from pathlib import Path

import httpx
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.faces import jpeg
from tests.playground.conftest import Visit
from tests.service.asking import embedding_of, pixels, xmp


def upload(page: Page, slot: str, path: Path) -> None:
    page.set_input_files(f"#{slot} input[type=file]", path)
    expect(page.locator(f"#{slot} .found")).to_be_visible()


SHOWN = """async () => {
    const image = document.querySelector('#edited');
    for (let source; source !== image.src; ) {  // decoding fails where a newer picture arrives meanwhile
        source = image.src;
        await image.decode().catch((error) => { if (source === image.src) throw error; });
    }
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    canvas.getContext('2d').drawImage(image, 0, 0);
    return [...await (await canvas.convertToBlob()).bytes()];
}"""


def edited(page: Page) -> bytes:
    """The picture that the page shows as edited, as PNG."""
    expect(page.locator("#edited")).to_have_attribute("src", re.compile("^blob:"))
    return bytes(page.evaluate(SHOWN))


def expect_caption(page: Page, text: str) -> None:
    expect(page.locator("#edited-caption")).to_have_text(text)


def test_from_an_upload_to_an_edited_face_by_mouse(visit: Visit, photographs: list[Path]) -> None:
    page = visit.open()
    expect(page.locator("#pose")).to_be_hidden()
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose a photo").first.click()
    chooser.value.set_files(photographs[0])
    expect(page.locator("#first .photo .taken")).to_have_count(1)
    expect(page.locator("#first .strip")).to_have_count(3)
    before = pixels(edited(page))
    slider = page.get_by_label("Turn")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    expect(page.locator("#edited-caption")).to_contain_text("yaw")
    assert (pixels(edited(page)) != before).any()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    saved = download.value.path().read_bytes()
    assert (pixels(saved) == pixels(edited(page))).all()
    assert "trainedAlgorithmicMedia" in xmp(saved)
    page.get_by_role("button", name="Undo all edits").click()
    expect_caption(page, "drawn back unchanged")
    assert (pixels(edited(page)) == before).all()


def test_an_edit_by_keyboard_alone(visit: Visit) -> None:
    page = visit.open()
    page.locator("#first .take").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#first .found")).to_be_visible()
    page.locator("#first .take").focus()
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
    page.locator("#take-style").check()
    expect_caption(page, "style 100 %")
    files = {"image": photographs[0].read_bytes(), "source": photographs[1].read_bytes()}
    expected = httpx.post(f"{visit.address}/edit?attr=style", files=files).content
    assert (pixels(edited(page)) == pixels(expected)).all()
    expect(page.locator("#second .verdict")).to_contain_text("probability")
    assert "#" not in page.url or "ada" not in page.url


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


def test_the_address_brings_faces_and_edits_back(visit: Visit) -> None:
    page = visit.open("#first=5&second=9&yaw=25&preset=happiness%3A0.8&take-style=0.5&pitch=900&take-age=1")
    expect_caption(page, "style 50 %, happiness 80 %, yaw 25°")
    assert "pitch" not in page.url
    page.locator("#edit-roll").fill("7")
    expect_caption(page, "style 50 %, happiness 80 %, yaw 25°, roll 7°")
    shown = edited(page)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect_caption(page, "style 50 %, happiness 80 %, yaw 25°, roll 7°")
    assert (pixels(edited(page)) == pixels(shown)).all()


def test_a_search_composed_of_both_faces(visit: Visit) -> None:
    page = visit.open("#first=5&second=9")
    httpx.post(f"{visit.address}/demo").raise_for_status()
    terms = page.locator(".term")
    terms.filter(has_text="expression").get_by_text("second", exact=True).click()
    page.locator("#search-form button").click()
    expect(page.locator("#results .person")).to_have_count(12)
    pictures = [httpx.post(f"{visit.address}/generate?seed={seed}").content for seed in (5, 9)]
    query = "attr=identity:1&attr=expression:1&source_attr=expression&k=12&align=none"
    answer = httpx.post(
        f"{visit.address}/search?{query}", files=dict(zip(("image", "source"), pictures, strict=True))
    ).json()
    faces = page.locator("#results .person").evaluate_all("rows => rows.map(row => row.dataset.face)")
    assert faces == [face["id"] for face in answer["results"]]
    expect(page.locator("#results .thumbnail img")).to_have_count(12)
    shown = page.locator("#results .bar :last-child").first.inner_text()
    assert float(shown) == pytest.approx(answer["results"][0]["similarities"]["identity"], abs=0.006)


def test_the_demo_is_offered_then_a_face_is_enrolled_and_erased(visit: Visit, photographs: list[Path]) -> None:
    for face in httpx.get(f"{visit.address}/faces?limit=1000").json()["faces"]:
        httpx.delete(f"{visit.address}/faces/{face['id']}")
    page = visit.open()
    page.get_by_role("button", name="Fill the demo collection").click()
    expect(page.locator("#enrolled .person")).to_have_count(12)
    expect(page.get_by_role("button", name="demo: 48 faces of 16")).to_be_visible()
    upload(page, "first", photographs[0])
    page.get_by_label("Subject").fill("Ada <b>& co")
    page.locator("#enrol-collection").fill("mine")
    page.keyboard.press("Enter")
    person = page.locator("#enrolled .person")
    expect(person).to_have_count(1)
    expect(person).to_contain_text("Ada <b>& co")
    expect(person.locator("img")).to_have_count(0)
    person.get_by_role("button", name="Erase").click()
    assert Axe().run(page).violations_count == 0
    page.locator("#ask").get_by_role("button", name="Cancel").click()
    expect(person).to_have_count(1)
    person.get_by_role("button", name="Erase").click()
    page.locator("#ask-yes").click()
    expect(page.get_by_role("button", name="mine:")).to_have_count(0)
    assert httpx.get(f"{visit.address}/faces?collection=mine").json()["faces"] == []


def test_a_picture_without_a_face_is_said_in_words_and_the_old_face_stays(
    visit: Visit, photographs: list[Path], tmp_path: Path
) -> None:
    page = visit.open()
    upload(page, "first", photographs[0])
    (tmp_path / "wall.jpg").write_bytes(jpeg(np.full((200, 200, 3), 128, np.uint8)))
    page.set_input_files("#first input[type=file]", tmp_path / "wall.jpg")
    expect(page.locator("#first .problem")).to_contain_text("No face was found")
    expect(page.locator("#first .found")).to_be_visible()
    (tmp_path / "notes.txt").write_text("no picture")
    page.set_input_files("#second input[type=file]", tmp_path / "notes.txt")
    expect(page.locator("#second .problem")).to_contain_text("JPEG, PNG or WebP")
    expect(page.locator("#second .found")).to_be_hidden()
    assert Axe().run(page).violations_count == 0


def test_variations_keep_what_is_ticked_and_become_faces(visit: Visit) -> None:
    page = visit.open("#first=5")
    with page.expect_response("**/generate?count=8**") as answer:
        page.get_by_role("button", name="Draw eight faces").click()
    identity = embedding_of_generated(visit, 5)["identity"]
    for face in answer.value.json():
        assert face["embedding"]["identity"] == pytest.approx(identity, abs=1e-6)
    page.get_by_role("button", name="Use variation 3 as the second face").click()
    expect(page.locator("#second .part.identity .alike")).to_have_text("1.00")


def embedding_of_generated(visit: Visit, seed: int) -> dict[str, list[float]]:
    picture = httpx.post(f"{visit.address}/generate?seed={seed}").content
    with httpx.Client(base_url=visit.address, params={"align": "none"}) as client:
        return embedding_of(client, picture)


def test_the_command_for_curl_does_the_same(visit: Visit, photographs: list[Path], tmp_path: Path) -> None:
    page = visit.open()
    upload(page, "first", photographs[0])
    page.locator("#edit-yaw").fill("20")
    expect_caption(page, "yaw 20°")
    expect(page.locator("#snippet")).to_contain_text("edits=")
    command = page.locator("#snippet").inner_text()
    (tmp_path / "ada.jpg").write_bytes(photographs[0].read_bytes())
    subprocess.run(command, shell=True, check=True, cwd=tmp_path, timeout=30, capture_output=True)
    assert (pixels((tmp_path / "edited.png").read_bytes()) == pixels(edited(page))).all()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_in_either_theme_and_nothing_is_wider_than_the_page(
    visit: Visit, scheme: str, width: int
) -> None:
    visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    visit.page.set_viewport_size({"width": width, "height": 844})
    httpx.post(f"{visit.address}/demo").raise_for_status()
    page = visit.open("#first=5&second=9&yaw=25&take-style=0.5")
    page.locator("#search-form button").click()
    expect(page.locator("#results .thumbnail img")).to_have_count(12)
    page.get_by_role("button", name="Draw eight faces").click()
    expect(page.locator("#variations-list li")).to_have_count(8)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width


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
