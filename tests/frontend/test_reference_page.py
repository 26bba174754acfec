"""The API reference at /docs, in a browser."""

from playwright.sync_api import Page, expect
from tests.conftest import Serve


def test_operations_can_be_tried_out(serve: Serve, page: Page) -> None:
    """The page takes a key, sends a request to its own server, and shows the response."""
    page.goto(f"{serve()}/docs/")
    page.get_by_role("button", name="Authorize").click()
    key = page.locator(".auth-container").filter(has_text="x-publishable-api-key")
    key.get_by_role("textbox").fill("pk_demo")
    key.get_by_role("button", name="Authorize").click()
    key.get_by_role("button", name="Close").click()
    operation = page.locator("[id^=operations-][id$=-list_payment_providers]")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("region_id").fill("reg_demo")
    operation.get_by_role("button", name="Execute").click()

    answer = operation.locator(".live-responses-table")
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text("pp_stripe_stripe")
