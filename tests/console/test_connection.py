"""The console and a mock that stops, restarts, or requires a token."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from playwright.sync_api import Page, expect
from tests.conftest import Serve, running
from tests.console.conftest import entries, open_console

from xclade_store_mock.app import create_app
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.events import MAX_WAITING
from xclade_store_mock.serving.processes import Server


class Mock(Server):
    """A demo store with its control API, which stops as `serve` does."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, port: int, access: Access) -> None:
        app = create_app(control=access)
        self.events = app.control.events
        self.url = f"http://127.0.0.1:{port}"
        config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
        super().__init__(config, app)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def cut_off(self) -> None:
        """Publish more events at once than may wait for a listener."""

        def happen() -> None:
            for _ in range(MAX_WAITING + 1):
                self.events.changed("clock")

        self.loop.call_soon_threadsafe(happen)


def bound(port: int = 0) -> socket.socket:
    """Return a socket that shares its port."""
    shared = socket.socket()
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    shared.bind(("127.0.0.1", port))
    return shared


@pytest.fixture
def port() -> Iterator[int]:
    """Yield a port that stays reserved while the mock is stopped."""
    with bound() as reserved:
        yield reserved.getsockname()[1]


OPEN = Access()


@contextmanager
def serving(port: int, access: Access = OPEN) -> Iterator[Mock]:
    """Serve a mock on a port that is reserved for it."""
    mock = Mock(port, access)
    with running(mock, bound(port)):
        yield mock


def test_follows_a_restarted_mock(page: Page, port: int) -> None:
    """After a restart the page shows the new mock's journal."""
    with serving(port) as mock:
        open_console(page, mock.url)
        httpx.get(f"{mock.url}/old/1")
        httpx.get(f"{mock.url}/old/2")
        expect(entries(page)).to_have_count(2)
    expect(page.locator("#connection")).not_to_have_text("Live")
    page.get_by_role("button", name="Reset").click()
    problem = page.locator("#reset .problem")
    expect(problem).to_have_text("The mock does not respond. Is it still running?")
    with serving(port) as mock:
        httpx.get(f"{mock.url}/new/1")
        expect(page.locator("#connection")).to_have_text("Live")
        expect(entries(page)).to_have_count(1)
        expect(problem).to_be_hidden()
        httpx.get(f"{mock.url}/new/2")

        expect(entries(page).last).to_contain_text("/new/2")


def test_catches_up_without_losing_what_is_open(page: Page, port: int) -> None:
    """Requests that arrive while the stream is interrupted appear afterwards, in order and once."""
    with serving(port) as mock:
        open_console(page, mock.url)
        httpx.get(f"{mock.url}/seen")
        entries(page).locator("summary").click()
        page.route("**/_mock/events", lambda route: route.abort())
        mock.cut_off()
        expect(page.locator("#connection")).not_to_have_text("Live")
        for number in range(3):
            httpx.get(f"{mock.url}/missed/{number}")
        page.unroute("**/_mock/events")
        expect(page.locator("#connection")).to_have_text("Live")
        httpx.get(f"{mock.url}/after")

        paths = ["/seen", "/missed/0", "/missed/1", "/missed/2", "/after"]
        expect(entries(page).locator(".path")).to_have_text(paths)
        expect(entries(page).locator("details[open]")).to_have_count(1)


def test_says_that_the_mock_is_gone_while_the_page_loads(page: Page, port: int) -> None:
    """While there is nothing to show the page says why, with and without its scripts."""
    gone = page.get_by_text("The mock does not respond. Is it still running?")
    with serving(port) as mock:
        page.route("**/_mock/**", lambda route: route.abort())
        page.goto(mock.url)
        expect(page.locator("#absent")).to_be_visible()
        expect(gone.last).to_be_in_viewport()
        page.unroute("**/_mock/**")
        expect(page.locator("#connection")).to_have_text("Live")
        expect(page.locator("#absent")).to_be_hidden()
        page.route("**/console/*.js", lambda route: route.abort())
        page.goto(mock.url)

        expect(gone).to_be_visible()


def test_asks_for_the_token_once(page: Page, port: int) -> None:
    """A wrong token is refused with a message, a right one is kept for the tab."""
    with serving(port, Access("s3cret")) as mock:
        page.goto(mock.url)
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        for _ in range(3):
            page.keyboard.press("Escape")
        dialog.get_by_label("Token").fill("wrong")
        dialog.get_by_role("button").click()
        expect(dialog.locator(".problem")).to_have_text("The mock does not accept this token.")
        dialog.get_by_label("Token").fill("s3cret")
        dialog.get_by_role("button").click()
        expect(page.locator("#connection")).to_have_text("Live")
        httpx.get(f"{mock.url}/nothing")
        expect(entries(page)).to_have_count(1)
        page.reload()

        expect(page.locator("#connection")).to_have_text("Live")
        expect(dialog).to_be_hidden()
        assert "s3cret" not in page.content()


def test_is_not_there_without_the_control_api(serve: Serve) -> None:
    """Without the control API `/` redirects to the reference, and the page's files are 404s."""
    with httpx.Client(base_url=serve()) as api:
        start, part = api.get("/"), api.get("/console/main.js")

    assert (307, "/docs/") == (start.status_code, start.headers["Location"])
    assert 404 == part.status_code
