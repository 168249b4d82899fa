from pathlib import Path

from playwright.sync_api import Browser, expect

from service.security.key_store import KeyStore
from service.security.scopes import Scope
from tests.service.serving import dummy_app, serving


def test_the_page_asks_for_a_key_and_keeps_it_while_the_tab_is_open(browser: Browser, tmp_path: Path) -> None:
    app = dummy_app(tmp_path)
    _, token = KeyStore(app.state.gallery.database).create("page", [Scope.ADMIN])
    with serving(app) as client, browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(str(client.base_url))
        for given, said in (("wrong", "This key was refused. Another one?"), (token, None)):
            page.fill("#ask-field input", given)
            page.click("#ask-yes")
            if said is not None:
                expect(page.locator("#ask-text")).to_have_text(said)
        page.wait_for_selector("body[data-ready]")
        page.reload()
        page.wait_for_selector("body[data-ready]")
        assert page.evaluate("sessionStorage.getItem('key')") == token
        assert token not in page.url
        other = context.new_page()
        other.goto(str(client.base_url))
        other.wait_for_selector("#ask[open]")
