"""Payment sessions, changed as the provider does once the customer acts."""

import pytest
from tests.server.control.served import Served
from tests.server.wire import FREE_SESSIONS, SYSTEM

EVERYTHING = "+status,*payment_sessions,*payments,+authorized_amount,+captured_amount,+completed_at"


@pytest.mark.parametrize(
    ("status", "collection_status", "authorized", "captured"),
    [
        ("requires_more", "awaiting", None, None),
        ("error", "awaiting", None, None),
        ("canceled", "awaiting", None, None),
        ("never_heard_of", "awaiting", None, None),
        ("authorized", "authorized", 25.5, None),
        ("captured", "completed", 25.5, 25.5),
    ],
)
def test_session_is_completed(
    mock: Served,
    status: str,
    collection_status: str,
    authorized: float | None,
    captured: float | None,
) -> None:
    """The session, its collection and its payment agree in both APIs."""
    session = mock.initialize()
    path = f"/payment-collections/pay_col_demo/payment-sessions/{session['id']}"

    body = mock.control.patch(path, json={"status": status, "data": {"status": "done"}}).json()
    shown = mock.read(EVERYTHING)

    (settled,) = shown["payment_sessions"]
    assert (collection_status, status) == (shown["status"], settled["status"])
    assert (collection_status, status) == (body["status"], body["payment_sessions"][0]["status"])
    assert body["payment_sessions"][0]["authorized_at"] == settled["authorized_at"]
    assert {**session["data"], "status": "done"} == settled["data"]
    assert (authorized, captured) == (shown["authorized_amount"], shown["captured_amount"])
    assert (authorized is None) == (settled["authorized_at"] is None)
    assert (captured is None) == (shown["completed_at"] is None)
    assert [(authorized, captured)] * (authorized is not None) == [
        (payment["amount"], payment["captured_amount"]) for payment in shown["payments"]
    ]
    assert (authorized is None) == (settled["payment"] is None)
    assert shown["payments"][:1] == [{**each, **settled["payment"]} for each in shown["payments"]]


def test_capture_keeps_the_time_of_the_authorization(mock: Served) -> None:
    """A session that was authorized and later captured has both times."""
    session = mock.initialize()
    path = f"/payment-collections/pay_col_demo/payment-sessions/{session['id']}"
    mock.control.put("/clock", json={"now": "2030-01-01T00:00:00Z", "frozen": True})
    mock.control.patch(path, json={"status": "authorized"})
    mock.control.post("/clock/advance", json={"seconds": 60})

    (captured,) = mock.control.patch(path, json={"status": "captured"}).json()["payment_sessions"]

    assert ("2030-01-01T00:00:00.000Z", "2030-01-01T00:01:00.000Z") == (
        captured["authorized_at"],
        captured["updated_at"],
    )


def test_free_cart_is_authorized_too(mock: Served) -> None:
    """A collection over 0 is paid by an authorized session."""
    mock.store.post(FREE_SESSIONS, json=SYSTEM).raise_for_status()
    (session,) = mock.collection("pay_col_free")["payment_sessions"]
    path = f"/payment-collections/pay_col_free/payment-sessions/{session['id']}"

    assert "authorized" == mock.control.patch(path, json={"status": "authorized"}).json()["status"]


def test_partial_payment(mock: Served) -> None:
    """A session over less than its collection pays it in part."""
    session = mock.initialize()
    collection = {"currency_code": "usd", "amount": 100}
    mock.control.put("/payment-collections/pay_col_demo", json=collection).raise_for_status()
    path = f"/payment-collections/pay_col_demo/payment-sessions/{session['id']}"

    statuses = [
        mock.control.patch(path, json={"status": status}).json()["status"]
        for status in ("authorized", "captured")
    ]

    assert ["partially_authorized", "partially_captured"] == statuses
