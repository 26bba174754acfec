"""The operation create_payment_collection."""

import re

import httpx
import pytest
from tests.server.wire import COLLECTIONS, SESSIONS, SYSTEM, answer, error, ok, session_of


def test_creates_the_collection_of_a_cart(store: httpx.Client) -> None:
    """A new collection has the cart's total and no session."""
    response = store.post(COLLECTIONS, json={"cart_id": "cart_new"})

    collection = response.json()["payment_collection"]
    assert re.fullmatch(r"pay_col_[0-7][0-9A-HJKMNP-TV-Z]{25}", collection["id"])
    assert (200, 40, "usd", []) == (
        response.status_code,
        collection["amount"],
        collection["currency_code"],
        collection["payment_sessions"],
    )


def test_second_call_returns_the_same_collection(store: httpx.Client) -> None:
    """A cart has one collection; the second call returns its current state."""
    first = store.post(COLLECTIONS, json={"cart_id": "cart_new"}).json()["payment_collection"]
    path = f"{COLLECTIONS}/{first['id']}/payment-sessions"
    session = session_of(store.post(path, json=SYSTEM))

    second = store.post(COLLECTIONS, json={"cart_id": "cart_new"})

    expected = {**first, "payment_sessions": [session]}
    assert ok({"payment_collection": expected}) == answer(second)


def test_returns_an_existing_collection(shared: httpx.Client) -> None:
    """A cart of the demo store already has its collection."""
    session = session_of(shared.post(SESSIONS, json=SYSTEM))

    response = shared.post(COLLECTIONS, json={"cart_id": "cart_demo"})

    assert session == session_of(response)
    assert "pay_col_demo" == response.json()["payment_collection"]["id"]


def test_returns_selected_fields(store: httpx.Client) -> None:
    """The documented example: `fields=id,status`."""
    response = store.post(f"{COLLECTIONS}?fields=id,status", json={"cart_id": "cart_new"})

    collection = response.json()["payment_collection"]
    assert {"id": collection["id"], "status": "not_paid"} == collection


@pytest.mark.parametrize("cart_id", ["cart_gone", "", "pay_col_demo", "CART_DEMO", "ü"])
def test_cart_must_exist(unchanged: httpx.Client, cart_id: str) -> None:
    """The error for an unknown cart names it."""
    response = unchanged.post(COLLECTIONS, json={"cart_id": cart_id})

    assert error(404, "not_found", f"Cart id not found: {cart_id}") == answer(response)
