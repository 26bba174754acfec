"""The console under the prefix of a reverse proxy."""

import httpx
from playwright.sync_api import Page, expect
from tests.conftest import KEY
from tests.console.conftest import entries
from tests.server.command import running
from tests.server.wire import SESSIONS


def test_link_opens_the_console(page: Page) -> None:
    """The link of the banner gives the token once; everything works under the prefix."""
    with running("--root-path", "/mock", "--control-token", "t0/ken") as mock:
        page.goto(f"{mock.url}/#token=t0%2Fken")
        expect(page.locator("#connection")).to_have_text("Live")
        assert f"{mock.url}/" == page.url
        httpx.post(f"{mock.url}{SESSIONS}", headers=KEY, json={})
        expect(entries(page)).to_have_count(1)
        entries(page).first.locator("summary").click()
        page.get_by_role("button", name="Copy as curl").first.click()
        expect(page.locator("#announcement")).to_have_text("Copied as curl")
        assert f"{mock.url}{SESSIONS}" in page.evaluate("navigator.clipboard.readText()")
        page.get_by_role("link", name="Reference").click()
        expect(page).to_have_url(f"{mock.url}/docs/")
        expect(page.locator("[id^=operations-][id$=-list_payment_providers]")).to_be_visible()
