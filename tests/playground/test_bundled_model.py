"""The page on the bundled model, with photographs of people whom it made up."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from facet.asgi import create_app
from facet.settings import Settings
from tests.playground.conftest import Visit
from tests.playground.looking import edited, expect_caption, expect_one_screen, open_tab, upload
from tests.processes import wait_until
from tests.service.asking import pixels, xmp
from tests.service.serving import serving

SEEDS = {"anna.jpg": 53, "ben.jpg": 60}
PLACE, SIDE = (180, 60), 300
"""Where a face lies in its photograph, and how large it is there."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(create_app(Settings(data_dir=tmp_path_factory.mktemp("data")))) as client:
        yield str(client.base_url)


@pytest.fixture(scope="module")
def photographs(address: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two photographs, in each a face on a wall."""
    folder = tmp_path_factory.mktemp("photographs")
    for name, seed in SEEDS.items():
        face = Image.open(BytesIO(httpx.post(f"{address}/generate?seed={seed}", timeout=60).content))
        wall = Image.new("RGB", (640, 480), (120, 130, 140))
        wall.paste(face.resize((SIDE, SIDE), Image.Resampling.LANCZOS), PLACE)
        wall.save(folder / name, quality=92)
    return [folder / name for name in SEEDS]


def press_tab_to(page: Page, selector: str) -> None:
    """Go to an element as the keyboard goes."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_from_an_upload_to_an_edited_face_by_keyboard_alone(visit: Visit, photographs: list[Path]) -> None:
    visit.client.post("/demo").raise_for_status()
    page = visit.open()
    press_tab_to(page, "#first input[type=file]")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(photographs[0])
    expect(page.locator("#first .note")).to_contain_text("redrawn")
    before = pixels(edited(page))
    press_tab_to(page, "#edit-yaw")
    start = int(page.locator("#edit-yaw").input_value())
    for _ in range(3):
        page.keyboard.press("PageUp")
    expect(page.locator("#edited-caption")).to_contain_text("yaw")
    assert int(page.locator("#edit-yaw").input_value()) > start + 10
    press_tab_to(page, "[name=preset]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#edited-caption")).to_contain_text("happiness 100 %")
    assert np.abs(pixels(edited(page)).astype(int) - before).mean() > 3
    press_tab_to(page, "#take-style")
    page.keyboard.press("End")
    expect(page.locator("#edited-caption")).to_contain_text("style 100 %")
    press_tab_to(page, "#like-identity")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1440, 900)])
def test_everything_is_on_one_screen_of_a_laptop(visit: Visit, width: int, height: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": height})
    visit.client.post("/demo").raise_for_status()
    expect_one_screen(visit.open(), width, height)


def data_transfer(page: Page, path: Path) -> object:
    """What a drop or a paste brings: one file."""
    make = """([name, text]) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], name, {type: 'image/jpeg'}));
        return data;
    }"""
    return page.evaluate_handle(make, [path.name, base64.b64encode(path.read_bytes()).decode()])


def test_photographs_are_dropped_and_pasted(visit: Visit, photographs: list[Path]) -> None:
    page = visit.open()
    page.dispatch_event("#second", "drop", {"dataTransfer": data_transfer(page, photographs[1])})
    expect(page.locator("#second .boxes .taken")).to_have_count(1)
    expect(page.locator("#first .note")).to_have_text("generated")
    paste = "(data) => document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data}))"
    page.evaluate(paste, data_transfer(page, photographs[0]))
    expect(page.locator("#first .boxes .taken")).to_have_count(1)
    assert float(page.locator("#part-identity .alike").inner_text().split()[1].replace("−", "-")) < 0.5


def test_the_edited_face_is_downloaded_in_its_photograph(visit: Visit, photographs: list[Path]) -> None:
    page = visit.open()
    upload(page, "first", photographs[0])
    page.locator("#presets .chip").filter(has_text="surprise").click()
    expect_caption(page, "surprise 100 %")
    with page.expect_download() as download:
        page.get_by_role("button", name="In the photo").click()
    saved = download.value.path().read_bytes()
    assert "compositeWithTrainedAlgorithmicMedia" in xmp(saved)
    changed = (np.abs(pixels(saved).astype(int) - pixels(photographs[0].read_bytes())) > 24).any(axis=2)
    rows, columns = np.nonzero(changed)
    left, top = PLACE
    assert changed.sum() > 1000
    assert left - 20 <= columns.min() <= columns.max() <= left + SIDE + 20
    assert top - 20 <= rows.min() <= rows.max() <= top + SIDE + 20


def test_two_photographs_are_mixed_searched_by_and_enrolled(visit: Visit, photographs: list[Path]) -> None:
    visit.client.post("/demo").raise_for_status()
    page = visit.open()
    for slot, path in zip(("first", "second"), photographs, strict=True):
        upload(page, slot, path)
        open_tab(page, "gallery")
        page.locator("#enrol-face").select_option(slot)
        page.locator("#enrol-subject").fill(path.stem)
        page.locator("#enrol-collection").fill("people")
        page.get_by_role("button", name="Enrol").click()
        expect(page.locator("#enrolled .person").filter(has_text=path.stem)).to_have_count(1)
    open_tab(page, "search")
    page.locator("#take-style").fill("1")
    expect_caption(page, "style 100 %")
    page.locator("#search-collection").select_option("people")
    for attribute, other, best in (("identity", "style", "anna"), ("style", "identity", "ben")):
        page.locator(f"#like-{attribute}").fill("1")
        page.locator(f"#like-{other}").fill("0")
        expect(page.locator("#results li").first).to_contain_text(best)
        expect(page.locator("#results .likeness").first).to_have_text("1.00")
    expect(page.locator("#results .thumbnail img")).to_have_count(0)
    open_tab(page, "gallery")
    for name in ("anna", "ben"):
        page.locator("#enrolled .person").filter(has_text=name).get_by_role("button", name="Erase").click()
        page.locator("#ask-yes").click()
        expect(page.locator("#status")).to_have_text(f"The face of {name} is erased.")
    expect(page.get_by_role("button", name="people:")).to_have_count(0)
    assert visit.client.get("/faces?collection=people").json()["faces"] == []


STEPS = """async () => {
    const slider = document.querySelector('#edit-yaw'), caption = document.querySelector('#edited-caption'), times = [];
    for (let degrees = -20; degrees <= 20; degrees += 2) {
        const drawn = new Promise((resolve) => {
            const watch = new MutationObserver(() => { watch.disconnect(); resolve(); });
            watch.observe(caption, { childList: true });
        });
        const start = performance.now();
        slider.value = degrees;
        slider.dispatchEvent(new Event('input'));
        await drawn;
        times.push(performance.now() - start);
    }
    return times;
}"""


def test_a_step_of_a_slider_draws_the_face_anew(visit: Visit, capsys: pytest.CaptureFixture[str]) -> None:
    page = visit.open("#first=11&second=2&take-style=0.5")
    times = page.evaluate(STEPS)
    expect_caption(page, "style 50 %, yaw 20°")
    [found] = visit.client.post("/embed?align=none", files={"image": edited(page)}).json()["images"]
    assert found["faces"][0]["pose_degrees"]["yaw"] == pytest.approx(20, abs=3)
    with capsys.disabled():
        print(
            f"\nfrom a slider's event to the drawn picture: median {np.median(times):.0f} ms, worst {max(times):.0f} ms"
        )


def copied(page: Page) -> dict[str, str]:
    """What the button copies, in each language."""

    open_tab(page, "code")

    def copies_what_is_shown() -> bool:
        page.locator("#copy").click()
        return bool(page.evaluate("navigator.clipboard.readText()") == page.locator("#snippet").text_content())

    texts = {}
    for language in ("curl", "python"):
        page.locator("#code .chip").filter(has_text=re.compile(language, re.IGNORECASE)).click()
        wait_until(copies_what_is_shown, seconds=10)
        texts[language] = page.evaluate("navigator.clipboard.readText()")
        assert ("import" in texts[language]) == (language == "python")
    return texts


def test_what_is_copied_does_the_same(visit: Visit, photographs: list[Path], tmp_path: Path) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit.open()
    programs: list[dict[str, str]] = []

    def keep(what: str) -> None:
        expect(page.locator("#code-what")).to_have_text(what)
        programs.append(copied(page))

    upload(page, "first", photographs[0])
    keep("Embedded a photograph")
    page.locator("#second .take").click()
    keep("Generated a face")
    upload(page, "second", photographs[1])
    page.locator("#take-style").fill("1")
    page.locator("#edit-yaw").fill("20")
    expect(page.locator("#status")).to_have_text("Drawn: style 100 %, yaw 20°")
    keep("Edited a face")
    open_tab(page, "variations")
    page.get_by_role("button", name="Draw eight faces").click()
    keep("Drew variations")
    open_tab(page, "gallery")
    page.locator("#enrol-subject").fill('Anna\'s "twin"')
    page.locator("#enrol-collection").fill("copied")
    page.get_by_role("button", name="Enrol").click()
    keep("Enrolled a face")
    open_tab(page, "search")
    page.locator("#like-expression").fill("0.5")
    keep("Searched")
    open_tab(page, "gallery")
    page.locator("#enrolled .person").get_by_role("button", name="Erase").click()
    page.locator("#ask-yes").click()
    expect(page.locator("#code-what")).to_have_text("Erased a face")
    erased = copied(page)
    for language, command in (("curl", ["bash", "-e", "-c"]), ("python", [sys.executable, "-W", "error", "-c"])):
        folder = tmp_path / language
        folder.mkdir()
        for photograph in photographs:
            (folder / photograph.name).write_bytes(photograph.read_bytes())
        text = "\n".join(program[language] for program in programs)
        subprocess.run([*command, text.replace("curl ", "curl -sSf ")], cwd=folder, check=True, timeout=60)
        # To rounding: in 16 bits what shares a batch changes an embedding a little, and so a picture.
        difference = np.abs(pixels((folder / "edited.png").read_bytes()).astype(int) - pixels(edited(page)))
        assert difference.mean() < 0.5
        assert difference.max() <= 16
        assert len(list(folder.glob("face-*.png"))) == (1 if language == "curl" else 9)
        [face] = visit.client.get("/faces?collection=copied").json()["faces"]
        assert face["subject"] == 'Anna\'s "twin"'
        [gone] = re.findall(r"(?:faces/|\")([0-9a-f-]{36})", erased[language])
        mine = erased[language].replace(gone, face["id"])
        subprocess.run([*command, mine], cwd=folder, check=True, timeout=60)
        assert visit.client.get("/faces?collection=copied").json()["faces"] == []
