"""Which pages a browser allows to call the store."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page
from starlette.types import Receive, Scope, Send
from tests.conftest import Serve, served
from tests.frontend.conftest import Sdk

from xclade_store_mock.app import create_app
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.payments.model import Store
from xclade_store_mock.payments.seed import demo_store

LIST = "sdk.store.payment.listPaymentProviders({ region_id: 'reg_demo' })"


def store_for(*origins: str) -> Store:
    """Return the demo store, open to these origins."""
    store = demo_store(datetime.now(UTC))
    return replace(store, settings=replace(store.settings, cors_origins=origins))


def test_page_may_send_cookies(storefront_page: Page, url: str) -> None:
    """With `auth: { type: 'session' }` the browser sends its cookies."""
    storefront_page.context.add_cookies([{"name": "connect.sid", "value": "s1", "url": url}])
    sdk = Sdk(storefront_page.evaluate, url)

    with storefront_page.expect_request(f"{url}/**") as asked:
        listed = sdk(LIST, auth={"type": "session"})

    assert 2 == listed["count"]
    assert "connect.sid=s1" == asked.value.all_headers()["cookie"]


def test_only_pages_of_listed_origins_may_call(
    storefront_page: Page, page: Page, storefront: str, serve: Serve
) -> None:
    """A page of a listed origin may call; the same page from another origin may not."""
    listed = storefront.replace("127.0.0.1", "shop.test")
    page.goto(listed)
    for dialect in DIALECTS.values():
        url = serve(store=store_for("https://other.example", listed), dialect=dialect)

        assert 2 == Sdk(page.evaluate, url)(LIST)["count"]
        with pytest.raises(RuntimeError, match="TypeError: Failed to fetch"):
            Sdk(storefront_page.evaluate, url)(LIST)


def test_browser_asks_for_permission_once(storefront_page: Page) -> None:
    """The browser caches the response to a preflight for later calls."""
    app, asked = create_app(), []

    async def recording(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope.get("method", "LIFESPAN"))
        await app(scope, receive, send)

    with served(recording) as url:
        sdk = Sdk(storefront_page.evaluate, url)
        sdk(LIST)
        sdk(LIST)

    assert ["LIFESPAN", "OPTIONS", "GET", "GET"] == asked


def test_page_sees_whether_a_response_was_replayed(storefront_page: Page, serve: Serve) -> None:
    """Scripts may read the header that distinguishes a replayed response from the first."""
    sdk = Sdk(storefront_page.evaluate, serve())
    call = """(await sdk.client.fetch("/store/payment-collections/pay_col_demo/payment-sessions", {
        method: "POST",
        headers: { accept: "*/*", "idempotency-key": "once" },
        body: { provider_id: "pp_system_default" },
    })).headers.get("idempotent-replayed")"""

    assert [None, "true"] == [sdk(call), sdk(call)]


def test_page_on_the_internet_may_call_a_mock_on_this_machine(
    browser: Browser, chromium: str, storefront: str, serve: Serve
) -> None:
    """Such a page needs the permission that Chromium asks the user for, and nothing else."""
    url, port = serve(), storefront.rpartition(":")[2]
    switches = ["--disable-gpu", f"--ip-address-space-overrides=127.0.0.1:{port}=public"]
    with browser.browser_type.launch(executable_path=chromium, args=switches) as public:
        denied, granted = (
            public.new_context(permissions=permissions).new_page()
            for permissions in ([], ["local-network-access"])
        )
        for page in (denied, granted):
            page.goto(storefront)

        with pytest.raises(RuntimeError, match="TypeError: Failed to fetch"):
            Sdk(denied.evaluate, url)(LIST)
        assert 2 == Sdk(granted.evaluate, url)(LIST)["count"]
