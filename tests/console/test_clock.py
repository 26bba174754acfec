"""The clock, frozen and advanced with the page."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from playwright.sync_api import Page, expect
from tests.console.conftest import section


def now(control: httpx.Client) -> tuple[datetime, Any]:
    """Return the mock's clock."""
    clock = control.get("/clock").json()
    return datetime.fromisoformat(clock["now"]), clock["frozen"]


def test_the_clock_is_frozen_advanced_and_released(console: Page, control: httpx.Client) -> None:
    """Each button changes the mock's clock, and the page shows its time."""
    clock = section(console, "Clock")
    clock.get_by_role("button", name="Freeze").click()
    expect(clock.locator("#clock-state")).to_have_text("frozen")
    frozen_at, _ = now(control)
    clock.get_by_role("button", name="Advance").click()
    expect(clock.locator("#now")).to_have_text(f"{frozen_at + timedelta(days=1):%Y-%m-%d %X} UTC")
    assert (frozen_at + timedelta(days=1), True) == now(control)
    clock.get_by_label("Advance by").fill("-1")
    clock.get_by_role("button", name="Advance").click()
    expect(clock.locator(".problem")).to_have_text("Advance by: a number, such as 24")
    clock.get_by_label("Advance by").fill("1")
    clock.get_by_role("button", name="Unfreeze").click()
    expect(clock.locator("#clock-state")).to_have_text("adjusted")
    clock.get_by_role("button", name="Real time").click()

    expect(clock.locator("#clock-state")).to_have_text("real time")
    assert control.get("/clock").json()["is_real"]
