"""Every button that changes the mock, and its effect on the storefront."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.console.conftest import entries, section

from xclade_store import BrokenAnswer, ConnectionFailed, PaymentRefused, StoreClient, StoreError
from xclade_store_mock.testing import StoreMock

FAULTS = "Plan a fault"


def plan(console: Page, kind: str, **fields: str) -> Locator:
    """Plan a fault with the form and return the form."""
    form = section(console, FAULTS).locator("#plan-fault")
    if not form.get_by_label("When").is_visible():
        form.get_by_text("Which requests, and when").click()
    form.get_by_label("What happens").select_option(kind)
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if name in {"when", "operation_id"}:
            field.select_option(value)
        else:
            field.fill(value)
    form.get_by_role("button", name="Plan fault").click()
    # Until it has been answered, the form takes no other.
    expect(form).not_to_have_attribute("aria-busy", "true")
    return form


def planned(console: Page) -> Locator:
    """Return the lines of the planned faults."""
    return console.locator("#faults > li")


def test_an_error_is_planned(console: Page, store: StoreClient) -> None:
    """The next requests get the error, the list counts them down, the journal names the fault."""
    plan(console, "answer", status="503", retry_after="7", message="Not now.", times="2")
    expect(planned(console)).to_contain_text("503 “Not now.”, Retry-After 7 s")
    expect(planned(console)).to_contain_text("the next 2 requests, before the store acts")
    with pytest.raises(StoreError) as failed:
        store.list_payment_providers("reg_demo")

    assert (503, "Not now.") == (failed.value.status, failed.value.message)
    expect(planned(console)).to_contain_text("the next request, before")
    expect(entries(console).locator(".fault")).to_contain_text("503 “Not now.”")
    with pytest.raises(StoreError):
        store.list_payment_providers("reg_demo")
    expect(console.get_by_text("No faults are planned")).to_be_visible()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("dropped", ConnectionFailed), ("truncated", ConnectionFailed), ("garbled", BrokenAnswer)],
)
def test_a_response_is_broken(
    console: Page, store: StoreClient, kind: str, expected: type[StoreError]
) -> None:
    """A fault can break the response of one operation and collection."""
    plan(
        console,
        kind,
        when="after",
        operation_id="initialize_payment_session",
        payment_collection_id="pay_col_demo",
    )
    target = "the next request to initialize_payment_session, pay_col_demo, after the store acts"
    expect(planned(console)).to_contain_text(target)
    store.list_payment_providers("reg_demo")

    with pytest.raises(expected):
        store.initialize_payment_session("pay_col_demo", "pp_system_default")
    assert store.create_payment_collection("cart_demo").payment_sessions


def test_a_response_is_delayed(console: Page, store: StoreClient, control: httpx.Client) -> None:
    """A delay does not change the response."""
    plan(console, "delay", delay="30", times="")
    expect(planned(console)).to_contain_text("30 ms delay")
    expect(planned(console)).to_contain_text("all requests")
    store.list_payment_providers("reg_demo")

    (entry,) = control.get("/journal").json()["entries"]
    assert entry["milliseconds"] >= 29  # a timer may be early by a millisecond


def test_a_request_is_held_and_released(console: Page, store: StoreClient) -> None:
    """A held request waits for its button; the preset holds a response of a session."""
    plan(console, "hold")
    target = "the next request to initialize_payment_session, after the store acts"
    expect(planned(console)).to_contain_text(target)
    expect(planned(console)).to_contain_text("held until released")
    with ThreadPoolExecutor() as pool:
        held = pool.submit(store.initialize_payment_session, "pay_col_demo", "pp_stripe_stripe")
        release = console.get_by_role("button", name="Release 1")
        expect(release).to_be_visible()
        expect(planned(console)).to_contain_text("holds a request, applies to no more")
        assert not held.done()
        assert store.create_payment_collection("cart_demo").payment_sessions
        release.click()

        assert "pay_col_demo" == held.result(10).id
    expect(planned(console)).to_have_count(0)


def test_only_a_race_is_preset(console: Page) -> None:
    """Other kinds of faults apply to any request, before the store acts."""
    form = section(console, FAULTS).locator("#plan-fault")
    form.get_by_label("What happens").select_option("hold")
    expect(form.get_by_label("When")).to_have_value("after")
    form.get_by_label("What happens").select_option("dropped")
    expect(form.get_by_label("When")).to_have_value("before")
    expect(form.get_by_label("Operation")).to_have_value("")
    form.get_by_label("When").select_option("after")
    form.get_by_label("What happens").select_option("garbled")

    expect(form.get_by_label("When")).to_have_value("after")


def test_faults_are_cancelled(console: Page, store: StoreClient) -> None:
    """Faults are cancelled one by one or all at once."""
    for _ in range(3):
        plan(console, "dropped")
    expect(planned(console)).to_have_count(3)
    planned(console).first.get_by_role("button", name="Cancel").click()
    expect(planned(console)).to_have_count(2)
    console.get_by_role("button", name="Cancel all").click()
    expect(planned(console)).to_have_count(0)

    store.list_payment_providers("reg_demo")


def test_refusals_are_shown_in_the_form(console: Page) -> None:
    """The form shows the control API's message until the value is corrected."""
    form = plan(console, "delay", delay="600001")
    expect(form.locator(".problem")).to_contain_text("600000")
    plan(console, "answer", status="500", delay="0")

    expect(planned(console)).to_have_count(1)
    expect(form.locator(".problem")).to_be_hidden()


def test_invalid_numbers_are_shown_at_the_field(console: Page) -> None:
    """A field shows its format with an example, to screen readers too."""
    form = plan(console, "answer", status="often")
    status = form.locator("label", has=console.locator("[name=status]"))
    expect(status.locator(".problem")).to_have_text("Status: a number from 400 to 599, such as 503")
    expect(status.locator("input")).to_be_focused()
    expect(status.locator("input")).to_have_attribute("aria-invalid", "true")
    plan(console, "answer", status="503", times="0")
    expect(form.locator(".problem")).to_have_text(
        "Next requests: a whole number, such as 2; leave it empty for all"
    )
    expect(form.locator("[aria-invalid]")).to_have_count(1)
    form.locator("[name=status]").fill("often")
    plan(console, "delay", times="")

    expect(planned(console)).to_have_count(1)
    expect(form.locator("[aria-invalid]")).to_have_count(0)


def provider(console: Page, id_: str) -> Locator:
    """Return a payment provider's line, opened."""
    line = section(console, "Payment providers").locator("li").filter(has_text=id_)
    if not line.locator("form").is_visible():
        line.locator("summary").click()
    return line


def test_a_provider_declines_until_cancelled(console: Page, store: StoreClient) -> None:
    """A planned outcome is shown, affects the storefront, and can be cancelled."""
    line = provider(console, "pp_stripe_stripe")
    line.get_by_label("Message").fill("Your card has expired.")
    line.get_by_label("Next calls").fill("5")
    line.get_by_role("button", name="Plan outcome").click()
    expect(line.locator(".mark")).to_have_text("declined, 5 more")
    with pytest.raises(PaymentRefused) as refused:
        store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
    assert "Your card has expired." == refused.value.message
    expect(line.locator(".mark")).to_have_text("declined, 4 more")
    line.get_by_role("button", name="Cancel outcome").click()
    expect(line.locator(".mark")).to_have_text("as usual")

    store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")


@pytest.mark.parametrize(
    ("result", "delay", "shown"),
    [("unreachable", "", "unreachable, always"), ("accepted", "20", "20 ms delay, always")],
)
def test_a_provider_is_slow_or_unreachable(
    console: Page, control: httpx.Client, result: str, delay: str, shown: str
) -> None:
    """The same form plans the other outcomes."""
    line = provider(console, "pp_system_default")
    line.get_by_label("What it does").select_option(result)
    expect(line.get_by_label("Message")).to_be_hidden()
    line.get_by_label("Delay").fill(delay)
    line.get_by_role("button", name="Plan outcome").click()

    expect(line.locator(".mark")).to_have_text(shown)
    state = control.get("/state").json()
    (outcome,) = (each["outcome"] for each in state["payment_providers"] if each["outcome"])
    assert (result, int(delay or 0), None) == (
        outcome["result"],
        outcome["delay"],
        outcome["times"],
    )


def test_a_session_is_initialized(console: Page, store_mock: StoreMock) -> None:
    """The button sends the storefront's request, and shows the reason of a refusal."""
    console.get_by_role("link", name="Store").click()
    card = console.locator("#collections > li").filter(has_text="pay_col_demo")
    card.get_by_text("Initialize a session").click()
    card.get_by_label("Payment provider").select_option("pp_stripe_stripe")
    store_mock.decline(message="Do not honor.", times=1)
    card.get_by_role("button", name="Initialize").click()
    expect(card.locator(".initialize .problem")).to_have_text("Do not honor.")
    card.get_by_role("button", name="Initialize").click()

    expect(card.locator(".session")).to_contain_text("pp_stripe_stripe")
    assert [422, 200] == [entry.status for entry in store_mock.journal()]


def test_a_session_is_completed(console: Page, store: StoreClient) -> None:
    """Setting a session's status updates its collection."""
    store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
    console.get_by_role("link", name="Store").click()
    card = console.locator("#collections > li").filter(has_text="pay_col_demo")
    expect(card.locator(".mark")).to_have_text(["not_paid", "pending"])
    card.get_by_label("Status of").select_option("authorized")
    card.get_by_role("button", name="Set status").click()

    expect(card.locator(".mark")).to_have_text(["authorized", "authorized"])
    expect(card.get_by_label("Status of")).to_have_value("authorized")
    assert "authorized" == store.create_payment_collection("cart_demo", fields="status").status


def test_a_total_is_changed(console: Page, store: StoreClient) -> None:
    """A new total is exact; an invalid amount is refused with a message."""
    console.get_by_role("link", name="Store").click()
    cart = console.locator("#carts > li").filter(has_text="cart_demo")
    cart.get_by_label("Total of cart_demo").fill("cheap")
    cart.get_by_role("button", name="Change total").click()
    problem = cart.locator(".problem")
    expect(problem).to_have_text("Total of cart_demo: a number, such as 12.50")
    in_own_row = (
        "row => row.querySelector('.problem').offsetTop > row.querySelector('button').offsetTop"
    )
    assert cart.evaluate(in_own_row)
    cart.get_by_label("Total of cart_demo").fill("1234.56")
    cart.get_by_role("button", name="Change total").click()

    expect(cart.locator(".line")).to_contain_text("$1,234.56")
    assert Decimal("1234.56") == store.create_payment_collection("cart_demo").amount


def test_a_scenario_is_started(console: Page, store: StoreClient) -> None:
    """A scenario shows its problem and its remedy; once started, its name is at the top."""
    line = section(console, "Scenarios").locator("li").filter(has_text="zero-amount")
    line.locator("summary").click()
    expect(line).to_contain_text("The storefront should")
    expect(line.locator("code").first).to_have_text("pp_system_default")
    line.get_by_role("button", name="Start").click()
    expect(console.locator("#scenario-on")).to_have_text("Scenario zero-amount")

    assert 0 == store.create_payment_collection("cart_scenario").amount
    expect(line.get_by_role("button", name="Start again")).to_be_visible()


def test_everything_is_reset(console: Page, store: StoreClient) -> None:
    """Reset undoes plans and changes, and keeps the journal."""
    plan(console, "dropped", operation_id="list_payment_providers")
    store.initialize_payment_session("pay_col_demo", "pp_system_default")
    console.get_by_role("button", name="Reset").click()

    expect(planned(console)).to_have_count(0)
    expect(console.locator("#collections .session")).to_have_count(0)
    expect(entries(console)).to_have_count(1)
    assert () == store.create_payment_collection("cart_demo").payment_sessions
