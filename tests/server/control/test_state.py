"""How the control API reads and changes the store."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from tests.server.control.conftest import serving
from tests.server.control.served import Served
from tests.server.wire import COLLECTIONS, PROVIDERS, SESSIONS, STRIPE, SYSTEM

from xclade_store_mock.app import create_app
from xclade_store_mock.control.access import Access
from xclade_store_mock.payments.model import PaymentCollection
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage.memory import MemoryStorage

CART = {"region_id": "reg_demo", "currency_code": "usd", "total": 25.5}
REGION = {"currency_code": "usd", "payment_providers": ["pp_system_default"]}


def test_state(either: Served) -> None:
    """The state has settings, clock and counts, without the secrets of keys and customers."""
    state = either.control.get("/state").json()

    assert state.pop("dialect") in {"documented", "medusa"}
    assert state.pop("clock").keys() == {"now", "frozen", "is_real"}
    assert {
        "scenario": None,
        "publishable_keys": [{"token": "pk_demo", "title": "Demo storefront", "revoked": False}],
        "customers": [{"id": "cus_demo"}],
        "payment_providers": [
            {"id": id_, "is_enabled": True, "installed": True, "outcome": None, "held": []}
            for id_ in ("pp_stripe_stripe", "pp_system_default")
        ],
        "regions": [
            {
                "id": "reg_demo",
                "currency_code": "usd",
                "payment_providers": ["pp_stripe_stripe", "pp_system_default"],
            }
        ],
        "cart_count": 3,
        "payment_collection_count": 2,
    } == state


def test_pages_of_carts_and_collections(mock: Served) -> None:
    """Carts and collections are listed in pages, ordered by id, with the total count."""
    carts = mock.control.get("/carts", params={"limit": 1, "offset": 1}).json()
    collections = mock.control.get("/payment-collections", params={"limit": 1}).json()

    assert {
        "carts": [{**CART, "id": "cart_free", "total": 0}],
        "count": 3,
        "limit": 1,
        "offset": 1,
    } == carts
    assert (["pay_col_demo"], 2) == (
        [each["id"] for each in collections["payment_collections"]],
        collections["count"],
    )


def test_collection_with_its_sessions(mock: Served) -> None:
    """A collection is as in the Store API, except for the client secret."""
    session = mock.initialize()

    (result,) = mock.collection()["payment_sessions"]

    assert (session["id"], 25.5, "pending", None) == (
        result["id"],
        result["amount"],
        result["status"],
        result["authorized_at"],
    )
    assert {**session["data"], "client_secret": "[redacted]"} == result["data"]


def test_changed_total_changes_the_collection(mock: Served) -> None:
    """A new total changes the collection's amount and removes its sessions."""
    mock.initialize()

    changed = mock.control.put("/carts/cart_demo", json={**CART, "total": 32.97})

    assert {**CART, "id": "cart_demo", "total": 32.97} == changed.json()
    assert {
        "id": "pay_col_demo",
        "currency_code": "usd",
        "amount": 32.97,
        "payment_sessions": [],
    } == mock.read("id,currency_code,amount,*payment_sessions")


def test_cart_with_the_same_total_keeps_the_session(mock: Served) -> None:
    """Putting an unchanged cart keeps the session."""
    session = mock.initialize()

    mock.control.put("/carts/cart_demo", json=CART)

    assert [session["id"]] == [each["id"] for each in mock.collection()["payment_sessions"]]


def test_new_cart_can_be_paid(either: Served) -> None:
    """A new region, provider and cart can be paid."""
    either.control.put("/payment-providers/pp_acme_one", json={}).raise_for_status()
    region = {"currency_code": "eur", "payment_providers": ["pp_acme_one"]}
    either.control.put("/regions/reg_eu", json=region).raise_for_status()
    cart = {"region_id": "reg_eu", "currency_code": "eur", "total": 5}
    either.control.put("/carts/cart_eu", json=cart).raise_for_status()

    collection = either.store.post(COLLECTIONS, json={"cart_id": "cart_eu"}).json()
    id_ = collection["payment_collection"]["id"]
    paid = either.store.post(
        f"{COLLECTIONS}/{id_}/payment-sessions", json={"provider_id": "pp_acme_one"}
    )

    assert 200 == paid.status_code
    assert ("cart_eu", 5) == (either.collection(id_)["cart_id"], either.collection(id_)["amount"])


def test_region_without_a_provider_refuses_it(either: Served) -> None:
    """A provider that was removed from a region is neither listed nor accepted."""
    changed = either.control.put("/regions/reg_demo", json=REGION)

    assert {**REGION, "id": "reg_demo"} == changed.json()
    listed = either.store.get(PROVIDERS, params={"region_id": "reg_demo"}).json()
    assert ["pp_system_default"] == [each["id"] for each in listed["payment_providers"]]
    assert 400 == either.store.post(SESSIONS, json=STRIPE).status_code


def test_provider_that_is_not_installed(mock: Served) -> None:
    """A provider that is not installed is still listed, and refused."""
    changed = mock.control.put("/payment-providers/pp_stripe_stripe", json={"installed": False})

    assert (True, False) == (changed.json()["is_enabled"], changed.json()["installed"])
    assert 400 == mock.store.post(SESSIONS, json=STRIPE).status_code


def test_collection_can_be_added_and_changed(mock: Served) -> None:
    """A changed collection keeps its sessions and their amounts."""
    path = "/payment-collections/pay_col_mine"
    added = mock.control.put(path, json={"currency_code": "eur", "amount": 32.97})
    sessions = f"{COLLECTIONS}/pay_col_mine/payment-sessions"
    mock.store.post(sessions, json=SYSTEM).raise_for_status()

    changed = mock.control.put(path, json={"currency_code": "eur", "amount": 1, "status": "odd"})

    assert (None, 32.97, "not_paid", []) == tuple(
        added.json()[name] for name in ("cart_id", "amount", "status", "payment_sessions")
    )
    (session,) = changed.json()["payment_sessions"]
    assert (1, "odd", 32.97) == (
        changed.json()["amount"],
        changed.json()["status"],
        session["amount"],
    )
    assert changed.json() == mock.collection("pay_col_mine")


@pytest.mark.parametrize(
    ("id_", "cart_id", "message"),
    [
        ("pay_col_mine", "cart_demo", "The cart 'cart_demo' has another payment collection."),
        ("pay_col_demo", "cart_new", "'pay_col_demo' belongs to another cart."),
        ("pay_col_demo", None, "'pay_col_demo' belongs to another cart."),
    ],
)
def test_collection_keeps_its_cart(
    mock: Served, id_: str, cart_id: str | None, message: str
) -> None:
    """A cart has only one collection, and a collection keeps its cart."""
    before = mock.control.get("/payment-collections").json()
    body = {"cart_id": cart_id, "currency_code": "usd", "amount": 1}

    response = mock.control.put(f"/payment-collections/{id_}", json=body)

    assert (409, {"type": "conflict", "message": message}) == (
        response.status_code,
        response.json(),
    )
    assert before == mock.control.get("/payment-collections").json()


class OvertakenStorage(MemoryStorage):
    """A storage in which another request has just added the same collection."""

    async def add_collection(self, collection: PaymentCollection) -> None:
        """Add the collection twice."""
        await super().add_collection(replace(collection, amount=Decimal(7)))
        await super().add_collection(collection)


def test_collection_that_was_added_meanwhile_is_changed() -> None:
    """Of two requests that add one collection at once, the second changes it."""
    store = demo_store(datetime.now(UTC))
    app = create_app(store=store, storage=OvertakenStorage(store), control=Access())
    body = {"currency_code": "usd", "amount": 1}
    with serving(app) as mock:
        response = mock.control.put("/payment-collections/pay_col_mine", json=body)

        assert (200, 1) == (response.status_code, response.json()["amount"])
        assert response.json() == mock.collection("pay_col_mine")


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("/carts/c", {**CART, "region_id": "reg_x"}, "'region_id': there is no region 'reg_x'"),
        (
            "/regions/r",
            {**REGION, "payment_providers": ["pp_x"]},
            "'payment_providers': there is no payment provider 'pp_x'",
        ),
        (
            "/payment-collections/p",
            {"cart_id": "cart_x", "currency_code": "usd", "amount": 1},
            "'cart_id': there is no cart 'cart_x'",
        ),
    ],
)
def test_references_must_exist(mock: Served, path: str, body: dict[str, Any], fault: str) -> None:
    """References to regions, providers and carts that do not exist are refused."""
    response = mock.control.put(path, json=body)

    assert (400, f"Invalid request: Field {fault}") == (
        response.status_code,
        response.json()["message"],
    )


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/payment-collections/pay_col_x", "Payment collection id not found: pay_col_x"),
        (
            "/payment-collections/pay_col_x/payment-sessions/payses_x",
            "Payment collection id not found: pay_col_x",
        ),
        (
            "/payment-collections/pay_col_demo/payment-sessions/payses_x",
            "There is no payment session 'payses_x'.",
        ),
    ],
)
def test_unknown_ids(mock: Served, path: str, message: str) -> None:
    """An unknown collection or session is a 404."""
    method, body = ("PATCH", {"status": "error"}) if "sessions" in path else ("GET", None)

    response = mock.control.request(method, path, json=body)

    assert (404, {"type": "not_found", "message": message}) == (
        response.status_code,
        response.json(),
    )


def test_reset(either: Served) -> None:
    """A reset restores the store, the plans and the clock, and keeps the journal."""
    before = either.control.get("/state").json(), either.control.get("/carts").json()
    either.store.post(SESSIONS, headers={"Idempotency-Key": "k-1"}, json=SYSTEM)
    either.control.put("/carts/cart_more", json=CART)
    either.control.put("/regions/reg_more", json=REGION)
    either.control.put("/clock", json={"frozen": True})
    either.control.put("/payment-providers/pp_stripe_stripe/outcome", json={"result": "declined"})
    either.plan_fault(broken="dropped", times=None)
    either.control.post("/scenarios/lost-answer/start").raise_for_status()

    response = either.control.post("/reset")

    assert (204, b"") == (response.status_code, response.content)
    state = either.control.get("/state").json()
    before[0].pop("clock")
    assert state.pop("clock")["is_real"]
    assert before == (state, either.control.get("/carts").json())
    assert [] == either.faults()
    assert [SESSIONS] == [each["path"] for each in either.journal()]
    again = either.store.post(SESSIONS, headers={"Idempotency-Key": "k-1"}, json=STRIPE)
    assert 200 == again.status_code
