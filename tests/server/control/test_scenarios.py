"""The scenarios: each problem, and the storefront that handles it."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any

import pytest
from tests.conftest import PATIENCE
from tests.server.control.served import Served
from tests.server.wire import COLLECTIONS, JSON

from xclade_store import ConnectionFailed, InvalidData, PaymentRefused, ServerFailed, StoreClient
from xclade_store.generated.models import StorePaymentCollection
from xclade_store_mock.control.scenarios import CART_ID, COLLECTION_ID, REGION_ID, SCENARIOS

STRIPE = "pp_stripe_stripe"
SYSTEM = "pp_system_default"


class Storefront:
    """A storefront's backend, written with the client."""

    def __init__(self, mock: Served, scenario: str) -> None:
        self.mock = mock
        mock.control.post(f"/scenarios/{scenario}/start").raise_for_status()
        self.store = StoreClient(mock.url, publishable_key="pk_demo", timeout=PATIENCE)

    def look(self) -> StorePaymentCollection:
        """Return the payment collection."""
        return self.store.create_payment_collection(CART_ID)

    def outcome(self) -> Any:
        """Return the outcome that is planned for Stripe."""
        providers = self.mock.control.get("/state").json()["payment_providers"]
        return next(each["outcome"] for each in providers if STRIPE == each["id"])

    def alive(self) -> list[str]:
        """Return the ids of the current sessions."""
        return ids(self.look())


def ids(collection: StorePaymentCollection) -> list[str]:
    """Return the ids of a collection's sessions."""
    return [session.id for session in collection.payment_sessions]


Open = Callable[[str], Storefront]


@pytest.fixture
def storefront(either: Served) -> Iterator[Open]:
    """Yield a storefront in a scenario."""
    opened: list[Storefront] = []

    def open_(scenario: str) -> Storefront:
        opened.append(Storefront(either, scenario))
        return opened[-1]

    yield open_
    for each in opened:
        each.store.close()


def is_documented(shop: Storefront) -> bool:
    """Return the dialect's name."""
    return bool(shop.mock.control.get("/state").json()["dialect"] == "documented")


def tap_twice(shop: Storefront, *keys: str) -> tuple[list[str], list[str]]:
    """Tap *Pay* twice before the first response arrives; return the sessions of both."""
    (fault,) = shop.mock.faults()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(pay, shop, keys[0])
        while not shop.alive():
            assert not first.done()
        second = pay(shop, keys[1])
        shop.mock.control.post(f"/faults/{fault['id']}/release")
        return ids(first.result()), ids(second)


def pay(shop: Storefront, key: str | None) -> StorePaymentCollection:
    """Initialize a Stripe session."""
    return shop.store.initialize_payment_session(COLLECTION_ID, STRIPE, idempotency_key=key)


def test_double_tap_trouble(storefront: Open) -> None:
    """The last response has a session that no longer exists."""
    shop = storefront("double-tap")
    if not is_documented(shop):
        pytest.skip("a recorded backend keeps both sessions")

    late, early = tap_twice(shop, "tap-1", "tap-2")

    assert late != early
    assert early == shop.alive()


def test_double_tap_without_locks(storefront: Open) -> None:
    """In Medusa a second tap that does not see the first one's session leaves another."""
    shop = storefront("double-tap")
    if is_documented(shop):
        pytest.skip("initializations wait for each other")
    path, headers = f"{COLLECTIONS}/{COLLECTION_ID}/payment-sessions", {**shop.mock.store.headers}
    second = HTTPConnection(shop.mock.store.base_url.netloc.decode())

    with ThreadPoolExecutor() as pool:
        first = pool.submit(pay, shop, None)
        while shop.outcome() is not None:
            assert not first.done()
        second.request("POST", path, json.dumps({"provider_id": SYSTEM}), {**headers, **JSON})
        shop.outcome()  # the server has read the second tap before this request
        shop.mock.control.delete(f"/payment-providers/{STRIPE}/outcome")
        (one,) = ids(first.result())
        response = json.load(second.getresponse())
    second.close()

    both = [each["id"] for each in response["payment_collection"]["payment_sessions"]]
    assert both == shop.alive()
    assert 2 == len(both)
    assert one in both


def test_double_tap_leaves_time(storefront: Open) -> None:
    """The scenario leaves a person ten seconds for the second tap, and says so."""
    shop = storefront("double-tap")

    planned = shop.mock.faults()[0] if is_documented(shop) else shop.outcome()
    scenarios = shop.mock.control.get("/scenarios").json()["scenarios"]
    (trouble,) = (each["trouble"] for each in scenarios if each["is_on"])
    assert 10_000 == planned["delay"]
    assert "held for 10 seconds" in trouble


def test_double_tap_solved(storefront: Open) -> None:
    """With one key per attempt the session of either response exists."""
    shop = storefront("double-tap")
    if not is_documented(shop):
        pytest.skip("a recorded backend knows no idempotency keys")

    late, early = tap_twice(shop, "attempt-1", "attempt-1")

    assert late == early == shop.alive()


def test_stale_collection_trouble(storefront: Open) -> None:
    """The amount and the session that the storefront shows are outdated."""
    shop = storefront("stale-collection")
    shown = pay(shop, None)

    assert Decimal("25.5") == shown.amount
    assert (Decimal(40), []) == (shop.look().amount, shop.alive())


def test_stale_collection_solved(storefront: Open) -> None:
    """Reading the collection again shows the change; a new session has the new amount."""
    shop = storefront("stale-collection")
    shown = pay(shop, None)

    present = shop.look()
    if (present.amount, ids(present)) != (shown.amount, ids(shown)):
        shown = pay(shop, None)

    assert Decimal(40) == shown.amount == shown.payment_sessions[0].amount
    assert ids(shown) == shop.alive()


def test_zero_amount_trouble(storefront: Open) -> None:
    """Stripe refuses."""
    shop = storefront("zero-amount")

    with pytest.raises(PaymentRefused if is_documented(shop) else ServerFailed):
        pay(shop, None)
    assert [] == shop.alive()


def test_zero_amount_solved(storefront: Open) -> None:
    """The manual provider accepts a total of 0."""
    shop = storefront("zero-amount")
    collection = shop.look()

    provider = STRIPE if collection.amount else SYSTEM
    collection = shop.store.initialize_payment_session(collection.id, provider)

    assert SYSTEM == collection.payment_sessions[0].provider_id


def test_provider_removed_trouble(storefront: Open) -> None:
    """A provider that was listed a moment ago is refused."""
    shop = storefront("provider-removed")
    listed = [each.id for each in shop.store.iter_payment_providers(REGION_ID)]

    assert [STRIPE, SYSTEM] == listed
    with pytest.raises(InvalidData):
        pay(shop, None)


def test_provider_removed_solved(storefront: Open) -> None:
    """Listing again shows the remaining providers."""
    shop = storefront("provider-removed")
    chosen, *_ = shop.store.iter_payment_providers(REGION_ID)

    try:
        collection = shop.store.initialize_payment_session(COLLECTION_ID, chosen.id)
    except InvalidData:
        chosen, *_ = shop.store.iter_payment_providers(REGION_ID)
        collection = shop.store.initialize_payment_session(COLLECTION_ID, chosen.id)

    assert SYSTEM == collection.payment_sessions[0].provider_id


def test_expired_key_trouble(storefront: Open) -> None:
    """A day later the same key creates another session."""
    shop = storefront("expired-key")

    first, second = ids(pay(shop, "order-1")), ids(pay(shop, "order-1"))

    assert first != second
    assert second == shop.alive()


def test_expired_key_solved(storefront: Open) -> None:
    """Creating the collection first returns the session that the customer may have paid."""
    shop = storefront("expired-key")
    first = ids(pay(shop, "order-1"))

    collection = shop.look()
    if not collection.payment_sessions:
        collection = pay(shop, "order-1")

    assert first == ids(collection) == shop.alive()


def test_lost_answer_trouble(storefront: Open) -> None:
    """A retry with another key creates a second session."""
    shop = storefront("lost-answer")
    with StoreClient(shop.mock.url, publishable_key="pk_demo", retries=0) as naive:
        with pytest.raises(ConnectionFailed):
            naive.initialize_payment_session(COLLECTION_ID, STRIPE)
        first = shop.alive()
        second = ids(naive.initialize_payment_session(COLLECTION_ID, STRIPE))

    assert 1 == len(first) == len(second)
    assert first != second


def test_lost_answer_solved(storefront: Open) -> None:
    """The client retries with the same key by itself and gets the first session."""
    shop = storefront("lost-answer")
    if not is_documented(shop):
        pytest.skip("a recorded backend knows no idempotency keys")

    paid = pay(shop, None)

    lost, answered = shop.mock.journal(method="POST")
    keys = {each["request"]["headers"]["idempotency-key"] for each in (lost, answered)}
    assert (None, 200, 1) == (lost["status"], answered["status"], len(keys))
    assert "true" == answered["response"]["headers"]["idempotent-replayed"]
    assert ids(paid) == shop.alive()


@pytest.mark.parametrize("scenario", [each.name for each in SCENARIOS])
def test_each_scenario_resets_the_store(either: Served, scenario: str) -> None:
    """A started scenario has its ids, and keeps the rest of the store."""
    either.control.post("/scenarios/lost-answer/start").raise_for_status()
    either.plan_fault(broken="dropped", times=None)
    either.control.put("/clock", json={"frozen": True})

    started = either.control.post(f"/scenarios/{scenario}/start")

    assert (200, scenario, True) == (
        started.status_code,
        started.json()["name"],
        started.json()["is_on"],
    )
    assert [scenario] == [
        each["name"]
        for each in either.control.get("/scenarios").json()["scenarios"]
        if each["is_on"]
    ]
    state = either.control.get("/state").json()
    assert (scenario, True, 4, 3) == (
        state["scenario"],
        state["clock"]["is_real"],
        state["cart_count"],
        state["payment_collection_count"],
    )
    assert CART_ID == either.collection(COLLECTION_ID)["cart_id"]
    assert [] == either.collection(COLLECTION_ID)["payment_sessions"]
    assert len(either.faults()) <= 1


def test_every_scenario_is_tested() -> None:
    """Every scenario has a test of its problem and one of its solution."""
    tests = set(globals())

    for scenario in SCENARIOS:
        name = scenario.name.replace("-", "_")
        assert {f"test_{name}_trouble", f"test_{name}_solved"} <= tests


def test_unknown_scenario(mock: Served) -> None:
    """An unknown scenario is a 404, and the current one stays on."""
    mock.control.post("/scenarios/lost-answer/start").raise_for_status()

    response = mock.control.post("/scenarios/bad-luck/start")

    assert 404 == response.status_code
    assert response.json()["message"].startswith("There is no scenario 'bad-luck'. Use one of ")
    assert "lost-answer" == mock.control.get("/state").json()["scenario"]
