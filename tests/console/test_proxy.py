"""The console of a proxy."""

import httpx
from playwright.sync_api import Page, expect
from tests.console.conftest import open_console
from tests.server.upstream.raw import proxied, upstream


def test_console_says_whose_responses_it_shows(page: Page) -> None:
    """It has a journal and faults; what only a mock's own store has is not there."""
    with upstream() as raw, proxied(raw.url) as url:
        open_console(page, url)
        httpx.get(f"{url}/store/regions")
        expect(page.locator("#entries li")).to_have_count(1)
        expect(page.locator("#dialect")).to_have_text(f"All responses are those of {raw.url}")
        expect(page.locator("#reset")).to_be_hidden()
        page.goto(f"{url}/#store")
        expect(page.locator("#upstream")).to_contain_text(raw.url)
        expect(page.locator("#carts-heading")).to_be_hidden()
        page.goto(f"{url}/#trouble")
        expect(page.locator("#faults-heading")).to_be_visible()
        expect(page.locator("#clock-heading")).to_be_hidden()
