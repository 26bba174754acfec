"""The Stripe simulator."""

import asyncio
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from tests.conftest import KEY, Serve
from tests.server.wire import SESSIONS, STRIPE, session_of

from xclade_store_mock.dialects import DIALECTS, MEDUSA
from xclade_store_mock.errors import ProviderRefused
from xclade_store_mock.payments.providers import SessionRequest
from xclade_store_mock.payments.providers.stripe import StripeProvider, minor_units
from xclade_store_mock.web.dialect import Dialect


def request(
    amount: str = "25.5", currency_code: str = "usd", *, strict: bool = True, **data: Any
) -> SessionRequest:
    """Return a request for a session with this amount."""
    return SessionRequest(
        session_id="payses_1",
        provider_id="pp_stripe_stripe",
        amount=Decimal(amount),
        currency_code=currency_code,
        data=data,
        now=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
        strict=strict,
    )


def refusal(refused: SessionRequest) -> str:
    """Return the message with which Stripe refuses a request."""
    with pytest.raises(ProviderRefused) as raised:
        asyncio.run(StripeProvider().initiate(refused))
    return str(raised.value)


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
        ("1000", "mga", 1000),
        ("1000", "isk", 100_000),
        ("1000.5", "huf", 100_050),
        ("7.005", "lyd", 701),
        ("1.2345", "clf", 123),
        ("1.234", "kwd", 1240),
        ("1.230", "kwd", 1230),
        ("0.001", "iqd", 10),
        ("0.005", "usd", 1),
        ("0.0049", "usd", 0),
        ("1.005", "usd", 101),
        ("2.675", "eur", 268),
        ("0.5", "jpy", 1),
        ("1.2304", "kwd", 1230),
        ("1.2305", "kwd", 1240),
        ("123456789012345.67", "usd", 12345678901234567),
    ],
)
def test_minor_units(amount: str, currency_code: str, expected: int) -> None:
    """The currency decides the number of decimals; halves, and three decimals, are rounded up."""
    assert expected == minor_units(Decimal(amount), currency_code)


@pytest.mark.parametrize(
    ("amount", "currency_code", "expected"),
    [
        ("0", "usd", "Invalid amount: this value must be greater than or equal to 1."),
        ("0.004", "usd", "Invalid amount: this value must be greater than or equal to 1."),
        ("0.49", "usd", "Amount must be at least $0.50 usd"),
        ("0.29", "gbp", "Amount must be at least £0.30 gbp"),
        ("49", "jpy", "Amount must be at least ¥50 jpy"),
        ("2.99", "sek", "Amount must be at least 3.00 kr sek"),
        ("9.99", "thb", "Amount must be at least 10.00 thb"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_refuses_amounts_below_its_minimum(
    *, amount: str, currency_code: str, expected: str, strict: bool
) -> None:
    """The message is Stripe's; the recorded backend's Stripe refused these, too."""
    assert expected == refusal(request(amount, currency_code, strict=strict))


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (request("1000000"), "Amount must be no more than $999,999.99"),
        (request("100000000", "jpy"), "Amount must be no more than ¥99,999,999"),
        (request("100000", "kwd"), "Amount must be no more than 99,999.999"),
        (request("5", "lyd"), "Invalid currency: lyd. Stripe currently supports these currencies:"),
        (
            request(capture_method="later"),
            "Invalid capture_method: must be one of automatic, automatic_async, or manual",
        ),
        (request(payment_method_types="card"), "Invalid array"),
        (request(payment_method_types={"0": "card"}), "Invalid array"),
        (request(confirm=True), "You cannot confirm this PaymentIntent because it's missing a"),
    ],
)
def test_refuses_what_the_recorded_backend_accepts(refused: SessionRequest, expected: str) -> None:
    """Stripe's limits and options apply as documented; the recorded Stripe was a stand-in."""
    assert refusal(refused).startswith(expected)
    asyncio.run(StripeProvider().initiate(replace(refused, strict=False)))


@pytest.mark.parametrize(
    ("amount", "currency_code"),
    [("0.50", "usd"), ("50", "jpy"), ("999999.99", "usd"), ("0.01", "all")],
)
def test_accepts_the_limits(amount: str, currency_code: str) -> None:
    """The limits themselves are accepted; without a minimum, it is the minor unit."""
    session = asyncio.run(StripeProvider().initiate(request(amount, currency_code)))

    assert minor_units(Decimal(amount), currency_code) == session.data["amount"]


@pytest.mark.parametrize(
    ("data", "intent_status", "status", "amounts"),
    [
        ({}, "requires_payment_method", "pending", (0, 0)),
        ({"payment_method": "pm_card_visa"}, "requires_confirmation", "pending", (0, 0)),
        (
            {"payment_method": "pm_card_visa", "confirm": True},
            "requires_capture",
            "authorized",
            (2550, 0),
        ),
        (
            {"payment_method": "pm_1", "confirm": True, "capture_method": "automatic_async"},
            "succeeded",
            "captured",
            (0, 2550),
        ),
        (
            {"payment_method": "pm_card_threeDSecureRequired", "confirm": True},
            "requires_action",
            "requires_more",
            (0, 0),
        ),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=[*DIALECTS])
def test_confirmation_advances_the_session(
    serve: Serve,
    dialect: Dialect,
    data: dict[str, Any],
    intent_status: str,
    status: str,
    amounts: tuple[int, int],
) -> None:
    """The status of the intent decides that of the session; Medusa makes the payment later."""
    url = serve(dialect=dialect)
    session = session_of(httpx.post(url + SESSIONS, headers=KEY, json={**STRIPE, "data": data}))
    intent = session["data"]

    assert (intent_status, status) == (intent["status"], session["status"])
    assert amounts == (intent["amount_capturable"], intent["amount_received"])
    is_paid = status in {"authorized", "captured"} and dialect is not MEDUSA
    assert is_paid == (session["payment"] is not None) == (session["authorized_at"] is not None)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"order": "7"}, {"order": "7"}),
        (["card", "x"], {"0": "card", "1": "x"}),
        ("hé", {"0": "h", "1": "é"}),
        ("😀", {"0": "\ufffd", "1": "\ufffd"}),
        (7, {}),
        (None, {}),
    ],
)
def test_metadata_is_spread(
    shared: httpx.Client, metadata: object, expected: dict[str, str]
) -> None:
    """Metadata of any type is spread as `{...metadata}` in JavaScript."""
    data = {"metadata": metadata}
    session = session_of(shared.post(SESSIONS, json={**STRIPE, "data": data}))

    assert {**expected, "session_id": session["id"]} == session["data"]["metadata"]
