"""A real browser to test pages in: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.conftest import PATIENCE

# Names under .test resolve to this machine; no other name resolves, except its own.
_NAMES = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
_PATIENCE = PATIENCE * 1_000  # Playwright counts milliseconds
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
    """Return the path of Chromium; skip the test if it is not installed."""
    found = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if found is None:
        pytest.skip("no Chromium: `sudo scripts/chromium` installs it, or set CHROMIUM to its path")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Yield a browser with a new profile.

    Its scope is the module: Playwright runs an event loop in this thread, so that tests in other
    modules could not run their own.
    """
    with sync_playwright() as playwright:
        expect.set_options(timeout=_PATIENCE)
        browser = playwright.chromium.launch(
            executable_path=chromium, args=_SWITCHES, timeout=_PATIENCE
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield an empty page in a new context; fail if a script raises an uncaught exception."""
    uncaught: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(_PATIENCE)
        page.on("pageerror", lambda error: uncaught.append(str(error)))
        yield page
    assert [] == uncaught
