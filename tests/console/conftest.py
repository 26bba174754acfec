"""The console of a real mock in a real browser, with requests of the real client."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, expect
from tests.conftest import PATIENCE
from tests.server.wire import connect

from xclade_store import StoreClient
from xclade_store_mock.testing import StoreMock


@pytest.fixture(scope="module")
def shared_page(browser: Browser) -> Iterator[Page]:
    """Yield one page for all tests of a module: opening one takes longer than most tests."""
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1_000)
        yield page


@pytest.fixture
def page(shared_page: Page) -> Iterator[Page]:
    """Yield an empty page; fail if it violates its security policy or logs an error."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # The mock says no, or is gone: part of what is tested.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def note_error(error: Error) -> None:
        complaints.append(str(error))

    shared_page.on("console", note)
    shared_page.on("pageerror", note_error)
    yield shared_page
    shared_page.unroute_all()
    shared_page.emulate_media(color_scheme="light")
    shared_page.set_viewport_size({"width": 1280, "height": 720})
    shared_page.goto("about:blank")
    shared_page.remove_listener("console", note)
    shared_page.remove_listener("pageerror", note_error)
    assert [] == complaints


def open_console(page: Page, url: str) -> None:
    """Open the console and wait until it follows the mock."""
    page.goto(url)
    expect(page.locator("#connection")).to_have_text("Live")


@pytest.fixture
def console(page: Page, store_mock: StoreMock) -> Page:
    """Return the page at `/` of a store that only this test uses."""
    open_console(page, store_mock.url)
    return page


@pytest.fixture
def store(store_mock: StoreMock) -> StoreClient:
    """Yield a client of that store that does not retry."""
    return store_mock.client(retries=0)


@pytest.fixture
def control(store_mock: StoreMock) -> Iterator[httpx.Client]:
    """Yield a client of that store's control API."""
    with httpx.Client(base_url=f"{store_mock.url}/_mock") as client:
        yield client


def entries(console: Page) -> Locator:
    """Return the lines of the journal."""
    return console.locator("#entries > li")


def section(console: Page, heading: str) -> Locator:
    """Return the part of the page below a heading."""
    return console.get_by_role("region", name=heading)


def flood(url: str, count: int) -> None:
    """Send many requests at once and wait for the responses."""
    lines = [f"GET /nothing/{each} HTTP/1.1\r\nHost: mock\r\n" for each in range(count)]
    with connect(url) as connection:
        connection.sendall(("\r\n".join(lines) + "Connection: close\r\n\r\n").encode())
        while connection.recv(65536):
            pass
