"""The Stripe simulator."""

import asyncio
import re
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest
from tests.server.wire import SESSIONS, STRIPE, session_of

from xclade_store_mock.errors import ProviderRefused
from xclade_store_mock.payments.providers import SessionRequest
from xclade_store_mock.payments.providers.stripe import StripeProvider, minor_units


def request(amount: str, currency_code: str) -> SessionRequest:
    """Return a request for a session with this amount."""
    return SessionRequest(
        session_id="payses_1",
        provider_id="pp_stripe_stripe",
        amount=Decimal(amount),
        currency_code=currency_code,
        data={},
        now=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
    )


def test_returns_a_payment_intent(shared: httpx.Client) -> None:
    """A session's data is a PaymentIntent in minor units, with the client secret."""
    session = session_of(shared.post(SESSIONS, json=STRIPE))
    intent = session["data"]

    assert ("pending", 25.5) == (session["status"], session["amount"])
    assert re.fullmatch(r"pi_3[A-Za-z0-9]{23}", intent["id"])
    assert re.fullmatch(rf"{intent['id']}_secret_[A-Za-z0-9]{{25}}", intent["client_secret"])
    assert {"session_id": session["id"]} == intent["metadata"]
    assert {
        "object": "payment_intent",
        "amount": 2550,
        "currency": "usd",
        "status": "requires_payment_method",
        "capture_method": "manual",
        "livemode": False,
    }.items() <= intent.items()


def test_intents_are_unique(shared: httpx.Client) -> None:
    """Two sessions have different intent ids and client secrets."""
    first, second = (session_of(shared.post(SESSIONS, json=STRIPE))["data"] for _ in range(2))

    assert {first["id"], first["client_secret"]}.isdisjoint({second["id"], second["client_secret"]})


def test_takes_options_from_data(shared: httpx.Client) -> None:
    """Request data sets options such as the capture method, but no field that Stripe decides."""
    data = {"capture_method": "automatic", "amount": 1, "id": "mine", "note": "kept"}
    intent = session_of(shared.post(SESSIONS, json={**STRIPE, "data": data}))["data"]

    assert ("automatic", 2550, "kept") == (
        intent["capture_method"],
        intent["amount"],
        intent["note"],
    )
    assert intent["id"].startswith("pi_")


@pytest.mark.parametrize(
    ("amount", "currency_code", "expected"),
    [
        ("25.5", "usd", 2550),
        ("25.5", "USD", 2550),
        ("32.97", "eur", 3297),
        ("0", "usd", 0),
        ("1500", "jpy", 1500),
        ("1.234", "kwd", 1234),
        ("1.2345", "clf", 12345),
        ("0.005", "usd", 1),
        ("0.0049", "usd", 0),
        ("1.005", "usd", 101),
        ("2.675", "eur", 268),
        ("0.5", "jpy", 1),
        ("1.2345", "kwd", 1235),
        ("123456789012345.67", "usd", 12345678901234567),
    ],
)
def test_minor_units(amount: str, currency_code: str, expected: int) -> None:
    """The currency decides the number of decimals; halves are rounded up."""
    assert expected == minor_units(Decimal(amount), currency_code)


@pytest.mark.parametrize(
    ("amount", "currency_code", "expected"),
    [
        ("0", "usd", "Invalid amount: this value must be greater than or equal to 1."),
        ("0.004", "usd", "Invalid amount: this value must be greater than or equal to 1."),
        ("0.49", "usd", "Amount must be at least 0.50 usd."),
        ("0.29", "gbp", "Amount must be at least 0.30 gbp."),
        ("49", "jpy", "Amount must be at least 50 jpy."),
    ],
)
def test_refuses_amounts_below_its_minimum(amount: str, currency_code: str, expected: str) -> None:
    """The message is Stripe's."""
    with pytest.raises(ProviderRefused) as refused:
        asyncio.run(StripeProvider().initiate(request(amount, currency_code)))

    assert expected == str(refused.value)


@pytest.mark.parametrize(
    ("amount", "currency_code"), [("0.50", "usd"), ("50", "jpy"), ("0.01", "xyz")]
)
def test_accepts_the_minimum(amount: str, currency_code: str) -> None:
    """The minimum itself is accepted; without one, the minor unit is the minimum."""
    session = asyncio.run(StripeProvider().initiate(request(amount, currency_code)))

    assert minor_units(Decimal(amount), currency_code) == session.data["amount"]
