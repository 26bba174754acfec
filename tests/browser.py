"""A real browser to test pages in: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# A name ending in .test leads to this machine, any other but its own nowhere.
_NAMES = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
_SWITCHES = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    f"--host-resolver-rules={_NAMES}",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Answer the path of Chromium; skip the test where there is none."""
    found = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if found is None:
        pytest.skip("no Chromium: `sudo scripts/chromium` installs it, or set CHROMIUM to its path")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Answer a browser with a new profile.

    It lives as long as its module: in its thread Playwright's event loop runs, and so tests that
    run one of their own would fail there.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Answer an empty page without a past; its scripts must let no exception escape."""
    escaped: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: escaped.append(str(error)))
        yield page
    assert [] == escaped
