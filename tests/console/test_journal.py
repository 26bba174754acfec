"""The journal: a storefront's requests and responses as they happen."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import entries, flood

from xclade_store import PaymentRefused, StoreClient, StoreError
from xclade_store_mock.testing import StoreMock


def test_empty_journal(console: Page) -> None:
    """An empty journal says how to send a first request."""
    empty = console.locator("#journal-empty")

    expect(empty).to_contain_text("No request yet")
    expect(empty).to_contain_text("/store/payment-collections/pay_col_demo/payment-sessions")


def test_shows_requests(console: Page, store: StoreClient) -> None:
    """A request appears by itself, with its method, path, status and time."""
    store.list_payment_providers("reg_demo")

    line = entries(console)
    expect(line).to_have_count(1)
    text = re.compile(r"200GET/store/payment-providers\?\S+?[\d.]+ ms\d\d:\d\d:\d\d")
    expect(line).to_have_text(text)
    expect(console.locator("#journal-empty")).to_be_hidden()
    expect(console.locator("#journal-count")).to_have_text("1 request")


def test_shows_what_requests_are_about(console: Page, store: StoreClient) -> None:
    """A line names the cart, the provider, the amount and the session."""
    store.create_payment_collection("cart_demo")
    collections = [
        store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe"),
        store.initialize_payment_session(
            store.create_payment_collection("cart_new").id, "pp_stripe_stripe"
        ),
    ]
    known, new = [each.payment_sessions[0].id for each in collections]

    expect(entries(console).locator(".subject")).to_have_text(
        [
            "cart_demo$25.50",
            f"cart_demopp_stripe_stripe$25.50{known}",
            "cart_new$40.00",
            f"cart_newpp_stripe_stripe$40.00{new}",
        ]
    )
    console.reload()
    expect(entries(console).locator(".subject").last).to_contain_text("cart_new")


def test_shows_held_requests(console: Page, store: StoreClient, store_mock: StoreMock) -> None:
    """A request is shown while it is held, and can be released there."""
    store_mock.hold_next("list_payment_providers")
    with ThreadPoolExecutor() as pool:
        held = pool.submit(store.list_payment_providers, "reg_demo")
        line = console.get_by_role("list", name="Held requests").get_by_role("listitem")
        expect(line).to_contain_text("heldGET/store/payment-providersby fault_")
        expect(entries(console)).to_have_count(0)
        line.get_by_role("button", name="Release").click()

        assert 2 == held.result(10).count
    expect(line).to_have_count(0)
    expect(entries(console)).to_have_count(1)


def test_shows_calls_that_a_provider_delays(
    console: Page, store: StoreClient, store_mock: StoreMock
) -> None:
    """A call of a slow provider is shown while it waits, and can be released there."""
    store_mock.slow_down(600, times=1)
    with ThreadPoolExecutor() as pool:
        held = pool.submit(store.initialize_payment_session, "pay_col_demo", "pp_stripe_stripe")
        line = console.get_by_role("list", name="Held calls").get_by_role("listitem")
        expect(line).to_contain_text(
            re.compile(r"heldinitialize_payment_session\$25\.50payses_\w+by pp_stripe_stripe")
        )
        line.get_by_role("button", name="Release").click()

        assert "pay_col_demo" == held.result(10).id
    expect(line).to_have_count(0)


def test_shows_violations(console: Page, store_mock: StoreMock) -> None:
    """Each violation is shown below its request."""
    httpx.post(f"{store_mock.url}/store/payment-collections", json={"card_id": "cart_demo"})

    violations = entries(console).locator(".violations")
    expect(violations).to_contain_text("Field 'cart_id' is required")
    expect(violations).to_contain_text("Header 'x-publishable-api-key' is required")


def test_shows_the_reason_of_a_refusal(console: Page, store: StoreClient) -> None:
    """Without violations, the response's message is shown below the request."""
    with pytest.raises(PaymentRefused) as refused:
        store.initialize_payment_session("pay_col_free", "pp_stripe_stripe")

    expect(entries(console)).to_contain_text(refused.value.message)
    expect(entries(console).locator(".violations")).to_have_count(0)


def test_shows_why_a_key_is_refused(console: Page, store_mock: StoreMock) -> None:
    """The body of a 401 has no message, but `sl-violations` has one."""
    with store_mock.client(publishable_key="pk_wrong") as store, suppress(StoreError):
        store.list_payment_providers("reg_demo")

    expect(entries(console).locator(".reasons")).to_contain_text("A valid publishable key")


def test_opens_an_entry(console: Page, store: StoreClient) -> None:
    """An open entry shows the request and the response, without keys and secrets."""
    collection = store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
    entries(console).locator("summary").click()

    expect(entries(console).locator(".half")).to_have_count(2)
    request, response = entries(console).locator(".half").all()
    expect(request).to_contain_text("x-publishable-api-keypk_demo")
    expect(request).to_contain_text('"provider_id": "pp_stripe_stripe"')
    expect(response).to_contain_text('"client_secret": "[redacted]"')
    assert collection.payment_sessions[0].data["client_secret"] not in console.content()


def test_filters(console: Page, store: StoreClient, store_mock: StoreMock) -> None:
    """Path, method and status filter present and later entries."""
    form = console.get_by_role("search")
    form.get_by_label("Path").fill("pay_col_demo")
    store.list_payment_providers("reg_demo")
    store.initialize_payment_session("pay_col_demo", "pp_system_default")
    httpx.post(f"{store_mock.url}/store/payment-collections/pay_col_demo/nothing")

    expect(entries(console)).to_have_text([re.compile("200POST"), re.compile("404POST")])
    expect(console.locator("#journal-count")).to_have_text("2 of 3 requests")
    form.get_by_label("Status").fill("4xx")
    expect(entries(console)).to_have_text(re.compile("404POST"))
    form.get_by_label("Status").fill("404")
    expect(entries(console)).to_have_text(re.compile("404POST"))
    form.get_by_label("Path").fill("")
    form.get_by_label("Status").fill("2")
    expect(entries(console)).to_have_text([re.compile("200GET"), re.compile("200POST")])
    form.get_by_label("Method").select_option("GET")
    expect(entries(console)).to_have_text(re.compile("200GET"))
    form.get_by_label("Status").fill("5")
    expect(console.get_by_text("No request in the journal matches this filter.")).to_be_visible()


def test_is_cleared(console: Page, store: StoreClient) -> None:
    """Clear empties the journal, and later requests are shown."""
    store.list_payment_providers("reg_demo")
    expect(entries(console)).to_have_count(1)
    console.get_by_role("button", name="Clear").click()
    expect(entries(console)).to_have_count(0)
    store.create_payment_collection("cart_demo")

    expect(entries(console)).to_have_count(1)


def test_many_requests(console: Page, store_mock: StoreMock) -> None:
    """Of more than a thousand requests the newest are shown, and older ones on demand."""
    flood(store_mock.url, 1100)

    expect(console.locator("#journal-count")).to_have_text("200 of 1,000 requests")
    expect(entries(console)).to_have_count(200)
    expect(entries(console).last).to_contain_text("/nothing/1099")
    assert console.evaluate("document.documentElement.scrollHeight <= innerHeight")
    for count in (400, 600, 800, 1000):
        console.get_by_role("button", name="Show older requests").click()
        expect(entries(console)).to_have_count(count)
    expect(entries(console).first).to_contain_text("/nothing/100")
    expect(console.locator("#older")).to_be_hidden()
    console.get_by_role("search").get_by_label("Path").fill("/nothing/100")
    expect(entries(console)).to_have_count(11)


def test_does_not_move_while_reading(console: Page, store_mock: StoreMock) -> None:
    """Requests that arrive while an entry is open wait behind a button."""
    flood(store_mock.url, 40)
    expect(entries(console)).to_have_count(40)
    log = console.locator("#log")
    expect(entries(console).last).to_be_in_viewport()
    entries(console).last.locator("summary").click()
    expect(entries(console).last.locator(".exchange")).to_be_in_viewport(ratio=0.9)
    before = log.evaluate("log => log.scrollTop")
    flood(store_mock.url, 5)

    jump = console.get_by_role("button", name="5 new requests")
    expect(jump).to_be_visible()
    assert before == log.evaluate("log => log.scrollTop")
    jump.click()
    expect(entries(console).last).to_be_in_viewport()
    expect(jump).to_be_hidden()


def test_an_opened_entry_is_visible(console: Page, store_mock: StoreMock) -> None:
    """An entry that is opened scrolls into view and stays there."""
    flood(store_mock.url, 40)
    expect(entries(console)).to_have_count(40)
    last = entries(console).nth(39)
    expect(last).to_be_in_viewport()
    last.locator("summary").click()

    expect(last.locator(".exchange")).to_be_in_viewport(ratio=0.9)
    flood(store_mock.url, 1)
    expect(console.get_by_role("button", name="1 new request")).to_be_visible()
    expect(last.locator(".exchange")).to_be_in_viewport(ratio=0.9)


def test_button_counts_new_requests(console: Page, store_mock: StoreMock) -> None:
    """The button counts the matching requests that are out of sight."""
    flood(store_mock.url, 40)
    expect(entries(console)).to_have_count(40)
    console.locator("#log").evaluate("log => (log.scrollTop = 0)")
    httpx.post(f"{store_mock.url}/nothing")
    flood(store_mock.url, 2)
    jump = console.locator("#jump")
    expect(jump).to_have_text("3 new requests")
    form = console.get_by_role("search")
    form.get_by_label("Path").fill("/nothing/")
    expect(jump).to_have_text("2 new requests")
    console.set_viewport_size({"width": 1280, "height": 4000})
    expect(jump).to_be_hidden()
    console.set_viewport_size({"width": 1280, "height": 720})
    form.get_by_label("Method").select_option("PUT")
    expect(entries(console)).to_have_count(0)
    flood(store_mock.url, 2)
    expect(console.locator("#journal-count")).to_have_text("0 of 45 requests")
    expect(jump).to_be_hidden()


def test_button_disappears(console: Page, store: StoreClient) -> None:
    """If all lines fit the window again, the button disappears and the journal scrolls along."""
    for _ in range(2):
        store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
    expect(entries(console)).to_have_count(2)
    for line in entries(console).all():
        line.locator("summary").click()
    expect(entries(console).last.locator(".exchange")).to_be_in_viewport()
    store.list_payment_providers("reg_demo")
    jump = console.get_by_role("button", name="1 new request")
    expect(jump).to_be_visible()
    for line in entries(console).all()[:2]:
        line.locator("summary").evaluate("summary => summary.click()")

    expect(jump).to_be_hidden()


def test_marks_documented_responses(console: Page, store_mock: StoreMock) -> None:
    """A chip marks documented responses, and a refused preference says why."""
    url = f"{store_mock.url}/store/payment-providers?region_id=reg_demo"
    key = {"x-publishable-api-key": "pk_demo"}
    httpx.get(url, headers={**key, "prefer": "respond-async"})
    httpx.get(url, headers={**key, "prefer": "code=401"})
    httpx.get(f"{url}&__code=418", headers=key)

    expect(entries(console)).to_have_count(3)
    store, preferred, unmet = entries(console).all()
    expect(store).not_to_contain_text("preferred")
    expect(preferred.locator(".chip")).to_have_text("preferred")
    expect(unmet.locator(".chip")).to_have_text("preferred")
    expect(unmet.locator(".reasons")).to_have_text(
        "Requested status code 418 is not defined in the document."
    )


@pytest.mark.parametrize(
    ("fault", "status", "kind", "words"),
    [
        ({"broken": "dropped"}, "no response", "failed", "Fault: connection reset"),
        ({"broken": "truncated"}, "200", "failed", "Fault: truncated response"),
        ({"broken": "garbled"}, "200", "failed", "Fault: invalid JSON"),
        ({"delay": 5}, "200", "good", "Fault: 5 ms delay"),
        (
            {"answer": {"status": 503, "retry_after": 1}},
            "503",
            "failed",
            "Fault: 503, Retry-After 1 s",
        ),
    ],
)
def test_shows_faults(
    console: Page,
    control: httpx.Client,
    store: StoreClient,
    fault: dict[str, object],
    status: str,
    kind: str,
    words: str,
) -> None:
    """The line describes the fault, and a broken response is marked as failed."""
    control.post("/faults", json=fault).raise_for_status()
    with suppress(StoreError):
        store.list_payment_providers("reg_demo")

    mark = entries(console).locator(".mark")
    expect(mark).to_have_text(status)
    expect(mark).to_have_attribute("data-kind", kind)
    expect(entries(console).locator(".fault")).to_have_text(words)
    expect(console.locator("#faults > li")).to_have_count(0)


def test_announces_requests(console: Page, store: StoreClient) -> None:
    """New requests are announced to screen readers, a little later and in one sentence."""
    store.list_payment_providers("reg_demo")
    store.create_payment_collection("cart_demo")

    spoken = console.locator("#announcement")
    expect(spoken).to_have_attribute("aria-live", "polite")
    expect(spoken).to_have_text("2 requests, the last one POST /store/payment-collections: 200")
