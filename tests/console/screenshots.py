"""Take the screenshots in docs/images."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx
from playwright.sync_api import Page, sync_playwright
from tests.conftest import served

from xclade_store import StoreClient, StoreError
from xclade_store_mock.app import create_app
from xclade_store_mock.control.access import Access

IMAGES = Path(__file__).parents[2] / "docs/images"
Scheme = Literal["light", "dark"]


@contextmanager
def console(url: str, width: int, height: int, scheme: Scheme = "light") -> Iterator[Page]:
    """Open the console in a window of the given size."""
    with sync_playwright() as playwright:
        path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
        with (
            playwright.chromium.launch(executable_path=path) as browser,
            browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme, timezone_id="UTC"
            ) as page,
        ):
            page.goto(url)
            page.locator("[data-state=live]").wait_for()
            yield page


def furnish(url: str) -> None:
    """Return a store with several currencies and a fixed time."""
    with httpx.Client(base_url=f"{url}/_mock") as control:
        control.put("/clock", json={"now": "2026-01-15T09:30:00Z", "frozen": True})
        providers = ["pp_system_default", "pp_stripe_stripe"]
        for place, currency, total in (("jp", "jpy", 4980), ("kw", "kwd", 12.345)):
            region = {"currency_code": currency, "payment_providers": providers}
            control.put(f"/regions/reg_{place}", json=region)
            cart = {"region_id": f"reg_{place}", "currency_code": currency, "total": total}
            control.put(f"/carts/cart_{place}", json=cart)
            collection = {"cart_id": f"cart_{place}", "currency_code": currency, "amount": total}
            control.put(f"/payment-collections/pay_col_{place}", json=collection)


def buy(url: str) -> None:
    """Send requests of a storefront, some of them invalid."""
    key = {"x-publishable-api-key": "pk_demo"}
    with StoreClient(url, publishable_key="pk_demo", retries=0) as store:
        store.list_payment_providers("reg_demo")
        store.create_payment_collection("cart_demo")
        store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
        httpx.post(f"{url}/store/payment-collections", json={"cartId": "cart_new"}, headers=key)
        for collection in ("pay_col_free", "pay_col_jp"):
            try:
                store.initialize_payment_session(collection, "pp_stripe_stripe")
            except StoreError:
                continue
        fault = {"answer": {"status": 503, "retry_after": 1}, "times": 3}
        httpx.post(f"{url}/_mock/faults", json=fault)
        for _ in range(2):
            try:
                store.initialize_payment_session("pay_col_demo", "pp_system_default")
            except StoreError:
                continue


def main() -> None:
    """Take the screenshots."""
    with served(create_app(control=Access())) as url:
        furnish(url)
        buy(url)
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            with console(url, 1200, 750, scheme) as page:
                page.locator("#entries summary").nth(3).click()
                page.locator("#log").evaluate("log => (log.scrollTop = 0)")
                page.screenshot(path=IMAGES / f"console-{scheme}.png")
        with console(f"{url}/#store", 1200, 720) as page:
            page.screenshot(path=IMAGES / "console-store.png")
        with console(f"{url}/#trouble", 390, 844, "dark") as page:
            line = page.locator("#scenarios li").filter(has_text="lost-answer")
            line.locator("summary").click()
            line.get_by_role("button").click()
            page.locator("#scenario-on").wait_for()
            line.scroll_into_view_if_needed()
            page.screenshot(path=IMAGES / "console-phone.png")


if __name__ == "__main__":
    main()
