"""The documentation: built without a warning, complete, and with nothing from another server."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path

import pytest

from docs.hooks import command, on_page_markdown, operations, settings
from facet.settings import PREFIX, Settings
from model.checkpoint import bundled, load_checkpoint
from service.problems import STATUS
from tests.processes import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TROUBLES = (DOCS / "running" / "troubleshooting.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (\d+) \|", re.MULTILINE)
PICTURES_BYTES = 5_000_000


class Fetched(HTMLParser):
    """What a browser fetches for a page, beside the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if "src" in given:
            self.addresses.append(given["src"] or "")
        if tag == "link" and given.get("rel") != "canonical":
            self.addresses.append(given.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages."""
    place = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(place)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return place


def test_every_page_is_built_and_whole(site: Path) -> None:
    built = {path.relative_to(site).with_suffix(".md") for path in site.rglob("*.html")} - {Path("404.md")}
    assert built == {path.relative_to(DOCS) for path in PAGES}
    assert [path for path in site.rglob("*.html") if "{{ " in path.read_text()] == []
    assert not list(site.rglob("*.py"))


def test_a_browser_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        fetched = Fetched()
        fetched.feed(page.read_text())
        assert [address for address in fetched.addresses if re.match(r"(?:\w+:)?//", address)] == [], page
        assert 'class="mermaid"' not in page.read_text(), "the theme would fetch Mermaid from a CDN"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()[\s\"']*(?:https?:)?//", sheet.read_text()), sheet


def test_every_error_is_explained() -> None:
    explained = {code: int(status) for code, status in ROW.findall(TROUBLES)}
    of_http = {HTTPStatus(status).name.lower(): status for status in (404, 405, 415)}
    of_http["disconnected"] = 400
    assert explained == {error.code: status for error, status in STATUS.items()} | of_http


def test_every_route_is_described_once() -> None:
    described = re.findall(r"^\{\{ operation (\w+) \}\}$", "\n".join(page.read_text() for page in PAGES), re.M)
    assert sorted(described) == sorted(operations())


def test_every_command_is_described_once() -> None:
    from facet.cli import app

    named = [entry.name for entry in app.registered_commands] + [group.name for group in app.registered_groups]
    described = re.findall(r"^\{\{ command (\w+) \}\}$", (DOCS / "commands.md").read_text(), re.M)
    assert sorted(described) == sorted(str(name) for name in named)
    assert "### `facet data prepare`" in command("data")
    assert "--root" in command("data")


def test_every_setting_is_described() -> None:
    table = settings("")
    names = re.findall(r"^\| `(\w+)` \| .* \| \S.* \|$", table, re.MULTILINE)
    assert names == [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    assert "| `FACET_PORT` | `8000` | port to listen on; 0 takes a free one |" in table


def test_a_route_is_described_by_what_it_takes_and_answers() -> None:
    text = on_page_markdown("# Erase\n\n{{ operation delete_face }}\n")
    assert text.startswith("# Erase\n\n**`DELETE /faces/{face_id}`**")
    assert "| `face_id` | path | string | needed | the id of an enrolled face |" in text
    assert re.search(r"^\*\*Errors\*\*: .*; 404 `not_found`; .*503 `busy`, `unavailable`", text, re.M)
    with pytest.raises(KeyError):
        on_page_markdown("{{ operation no_such }}")


def test_the_pictures_are_small_and_drawn_by_the_bundled_model(site: Path) -> None:
    pictures = list((DOCS / "pictures").glob("*.png"))
    assert sum(picture.stat().st_size for picture in pictures) < PICTURES_BYTES
    for picture in pictures:
        assert b"trainedAlgorithmicMedia" in picture.read_bytes(), picture.name
    drawn_by = (DOCS / "pictures" / "model.txt").read_text().strip()
    card = (site / "models" / "card.html").read_text()
    assert f"<code>{drawn_by}</code>" in card, "run `python -m docs.draw` for the present model"


def test_whom_it_works_for_is_what_the_card_says(site: Path) -> None:
    page = (site / "models" / "trust.html").read_text()
    card = load_checkpoint(bundled()).card
    for row in card["reports"]["groups"]["tables"][0][1:]:
        assert "".join(f"<td>{cell}</td>" for cell in row) in re.sub(r">\s+<", "><", page)
    for entry in [*card["data"], *card["teachers"]]:
        assert entry["name"] in page
    assert f"{100 * card['metrics']['verification']['identity']:.1f} %" in page


def test_every_picture_has_words() -> None:
    shown = [found for page in PAGES for found in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text())]
    assert len(shown) >= 10
    assert all(len(words) > 20 for words, _ in shown)
    assert {Path(place).name for _, place in shown} == {path.name for path in (DOCS / "pictures").glob("*.png")}
