"""The references of the Store API and the control API, Swagger UI in a real browser."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from tests.conftest import Serve

from xclade_store_mock.control.access import Access
from xclade_store_mock.payments.seed import parse_store


def test_reference_calls_this_server_with_the_key_of_its_store(page: Page, serve: Serve) -> None:
    """The server is this one, and an operation can be tried without entering a key."""
    url = serve(control=Access())
    page.goto(f"{url}/docs/")

    expect(page.locator(".servers select")).to_have_text(f"{url} - This server")
    page.locator("[id$=list_payment_providers] .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_placeholder("region_id").fill("reg_demo")
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")


@pytest.mark.parametrize("control", [None, Access("t0ken")], ids=["off", "guarded"])
def test_reference_keeps_a_guarded_key(page: Page, serve: Serve, control: Access | None) -> None:
    """The page has no key if the control API is off or asks for a token."""
    page.goto(f"{serve(control=control)}/docs/")

    expect(page.locator(".servers select")).to_be_visible()
    expect(page.get_by_role("button", name="Authorize")).to_have_class("btn authorize unlocked")


def test_reference_ignores_a_hidden_key(page: Page, serve: Serve) -> None:
    """The control API hides a key of another form, and its placeholder is not a key."""
    text = "{publishable_keys: [{token: other}], payment_providers: [], regions: [], carts: []}"
    store = parse_store(text, "store", datetime.now(UTC))
    page.goto(f"{serve(control=Access(), store=store)}/docs/")

    expect(page.get_by_role("button", name="Authorize")).to_have_class("btn authorize unlocked")


def test_reference_of_the_control_api_calls_this_server(page: Page, serve: Serve) -> None:
    """It is the same page, without inline scripts, for another contract."""
    url = serve(control=Access())
    page.goto(f"{url}/_mock/docs/")

    expect(page.locator(".servers select")).to_have_text(f"{url}/_mock - This server")
    page.locator("[id$=get_state] .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")
