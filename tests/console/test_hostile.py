"""Hostile texts appear as text, everywhere on the page."""

from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect
from tests.conftest import Serve
from tests.console.conftest import entries, open_console

from xclade_store_mock.control.access import Access
from xclade_store_mock.payments.model import PublishableKey
from xclade_store_mock.payments.seed import demo_store

HOSTILE = "<img src=x onerror=\"document.title='broken'\">"
IN_PATH = quote(HOSTILE)
KEY = {"x-publishable-api-key": "pk_demo", "user-agent": HOSTILE}


@pytest.fixture
def url(serve: Serve) -> str:
    """Yield the URL of a store with hostile names."""
    demo = demo_store(datetime.now(UTC))
    keys = {"pk_demo": PublishableKey("pk_demo", HOSTILE, revoked=False)}
    store = replace(demo, settings=replace(demo.settings, publishable_keys=keys))
    url = serve(store=store, control=Access())
    region = {"currency_code": "usd", "payment_providers": [HOSTILE, "pp_system_default"]}
    cart = {"region_id": HOSTILE, "currency_code": "usd", "total": 5}
    collection = {"cart_id": HOSTILE, "currency_code": "usd", "amount": 5}
    fault = {"answer": {"status": 500, "message": HOSTILE}, "path": HOSTILE}
    with httpx.Client(base_url=f"{url}/_mock") as control:
        for path, body in (
            (f"/payment-providers/{IN_PATH}", {"is_enabled": True}),
            (f"/regions/{IN_PATH}", region),
            (f"/carts/{IN_PATH}", cart),
            (f"/payment-collections/{IN_PATH}", collection),
        ):
            control.put(path, json=body).raise_for_status()
        control.post("/faults", json=fault).raise_for_status()
    return url


def test_markup_in_the_store_stays_text(page: Page, url: str) -> None:
    """Ids, titles and messages stay text."""
    sessions = f"{url}/store/payment-collections/{IN_PATH}/payment-sessions"
    httpx.post(sessions, json={"provider_id": HOSTILE}, headers=KEY).raise_for_status()
    open_console(page, url)
    expect(page.locator("#collections .session")).to_contain_text(HOSTILE)
    for place in ("collections", "carts", "regions", "keys", "faults", "providers"):
        expect(page.locator(f"#{place}")).to_contain_text(HOSTILE)

    expect(page.locator("img")).to_have_count(0)
    expect(page).to_have_title("Store mock")


def test_markup_in_the_journal_stays_text(page: Page, url: str) -> None:
    """Paths, queries, headers and bodies stay text."""
    open_console(page, url)
    sessions = f"{url}/store/payment-collections/{IN_PATH}/payment-sessions"
    body = {"provider_id": "pp_system_default", "data": {"metadata": HOSTILE}, HOSTILE: 1}
    httpx.post(f"{sessions}?fields={IN_PATH}", json=body, headers=KEY)
    httpx.post(sessions, json={"provider_id": f"{HOSTILE}?"}, headers=KEY)
    httpx.get(f"{url}/{IN_PATH}?<img>", headers=KEY)
    expect(entries(page)).to_have_count(3)
    for line in entries(page).all():
        line.locator("summary").click()
        for part in (".path", ".headers", ".reasons"):
            expect(line.locator(part).first).to_contain_text(HOSTILE)
    for half in entries(page).first.locator("pre").all():
        expect(half).to_contain_text("<img src=x onerror=")

    expect(page.locator("img")).to_have_count(0)
    expect(page).to_have_title("Store mock")
