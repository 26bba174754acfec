"""Payments outlive the sessions in which they were made."""

from typing import Any

import pytest
from tests.server.control.served import Served
from tests.server.wire import SESSIONS, SYSTEM, answer, error

EVERYTHING = "status,authorized_amount,captured_amount,completed_at,*payment_sessions,*payments"
CAPTURED = "A payment of pay_col_demo has been captured. For another payment, create another cart."


def settle(mock: Served, status: str) -> dict[str, Any]:
    """Initialize a session, let its provider settle it, and return the session."""
    session: dict[str, Any] = mock.initialize(SYSTEM)
    path = f"/payment-collections/pay_col_demo/payment-sessions/{session['id']}"
    mock.control.patch(path, json={"status": status}).raise_for_status()
    return session


def change_total(mock: Served, total: float) -> None:
    """Change the total of the collection's cart."""
    cart = {"region_id": "reg_demo", "currency_code": "usd", "total": total}
    mock.control.put("/carts/cart_demo", json=cart).raise_for_status()


def test_captured_collection_is_not_initialized_again(mock: Served) -> None:
    """A refused initialization leaves the captured session and its payment as they were."""
    session = settle(mock, "captured")
    before = mock.read(EVERYTHING)

    assert error(400, "not_allowed", CAPTURED) == answer(mock.store.post(SESSIONS, json=SYSTEM))

    assert before == mock.read(EVERYTHING)
    assert [session["id"]] == [each["id"] for each in before["payment_sessions"]]


@pytest.mark.parametrize(
    ("settled", "documented", "medusa"),
    [("captured", None, "completed"), ("authorized", "not_paid", "authorized")],
)
def test_session_after_a_payment(
    either: Served, settled: str, documented: str | None, medusa: str
) -> None:
    """Medusa leaves the payment and the collection as they are; the documented store does not."""
    settle(either, settled)

    response = either.store.post(SESSIONS, params={"fields": "+status"}, json=SYSTEM)

    dialect = either.control.get("/state").json()["dialect"]
    expected = documented if dialect == "documented" else medusa
    collection = response.json().get("payment_collection", {"payment_sessions": []})
    assert (expected, ["pending"] * (expected is not None)) == (
        collection.get("status"),
        [each["status"] for each in collection["payment_sessions"]],
    )


@pytest.mark.parametrize(
    ("total", "status"), [(40, "partially_captured"), (25.5, "completed"), (20, "completed")]
)
def test_captured_payment_survives_a_change_of_the_cart(
    mock: Served, total: float, status: str
) -> None:
    """The new total decides whether the collection is completed; the capture stays."""
    settle(mock, "captured")

    change_total(mock, total)

    shown = mock.read(EVERYTHING)
    assert (status, 25.5, 25.5) == (
        shown["status"],
        shown["authorized_amount"],
        shown["captured_amount"],
    )
    assert (status == "completed") == (shown["completed_at"] is not None)
    assert [25.5] == [each["captured_amount"] for each in shown["payments"]]
    assert status == mock.collection()["status"]


@pytest.mark.parametrize("total", [40, 20])
def test_authorization_is_canceled_with_its_session(mock: Served, total: float) -> None:
    """Without its session, an authorized payment is canceled, and the collection is not paid."""
    settle(mock, "authorized")

    change_total(mock, total)

    shown = mock.read(EVERYTHING)
    assert ("not_paid", None, []) == (
        shown["status"],
        shown["authorized_amount"],
        shown["payment_sessions"],
    )
    (payment,) = shown["payments"]
    assert (25.5, True) == (payment["authorized_amount"], payment["canceled_at"] is not None)


def test_replaced_authorization_and_the_new_payment(mock: Served) -> None:
    """Only the payment of the live session counts."""
    settle(mock, "authorized")
    settle(mock, "captured")

    shown = mock.read(EVERYTHING)

    assert ("completed", 25.5, 25.5) == (
        shown["status"],
        shown["authorized_amount"],
        shown["captured_amount"],
    )
    canceled, captured = shown["payments"]
    assert canceled["canceled_at"] is not None
    assert captured == {**captured, **shown["payment_sessions"][0]["payment"]}


def test_captured_session_keeps_its_status(mock: Served) -> None:
    """A capture cannot be undone; the provider's data and the capture's time can be read on."""
    session = settle(mock, "captured")
    path = f"/payment-collections/pay_col_demo/payment-sessions/{session['id']}"
    (payment,) = mock.read(EVERYTHING)["payments"]

    assert error(409, "conflict", CAPTURED) == answer(
        mock.control.patch(path, json={"status": "canceled"})
    )
    mock.control.patch(path, json={"status": "captured", "data": {"note": "later"}})

    (later,) = mock.read(EVERYTHING)["payments"]
    assert (payment["captured_at"], {"note": "later"}) == (later["captured_at"], later["data"])
