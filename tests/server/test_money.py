"""Amounts: exact inside the server, JSON numbers in major units on the wire."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from xclade_store_mock import jsontext
from xclade_store_mock.payments.documents import collection_document
from xclade_store_mock.payments.model import PaymentCollection, PaymentSession

MOMENT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def document(amount: str) -> dict[str, Any]:
    """Return the document of a collection with this amount and one session."""
    session = PaymentSession(
        id="payses_1",
        amount=Decimal(amount),
        currency_code="usd",
        provider_id="pp_system_default",
        data={},
        status="pending",
        created_at=MOMENT,
        updated_at=MOMENT,
    )
    return collection_document(
        PaymentCollection(
            id="pay_col_1",
            cart_id=None,
            currency_code="usd",
            amount=Decimal(amount),
            created_at=MOMENT,
            updated_at=MOMENT,
            sessions=(session,),
        )
    )


@pytest.mark.parametrize(
    ("amount", "number", "raw"),
    [
        ("0", b"0", "0"),
        ("0.00", b"0", "0"),
        ("25.5", b"25.5", "25.5"),
        ("25.50", b"25.5", "25.5"),
        ("1500", b"1500", "1500"),
        ("1500.00", b"1500", "1500"),
        ("1E+3", b"1000", "1000"),
        ("0.1", b"0.1", "0.1"),
        ("19.99", b"19.99", "19.99"),
        ("0.001", b"0.001", "0.001"),
        ("123456789012345.67", b"123456789012345.67", "123456789012345.67"),
        ("0.30000000000000004", b"0.30000000000000004", "0.30000000000000004"),
        ("100000000000000000000", b"100000000000000000000", "100000000000000000000"),
        # A JSON number cannot represent all digits; `raw_amount` keeps them.
        ("12345678901234567.89", b"12345678901234568", "12345678901234567.89"),
    ],
)
def test_amounts_on_the_wire(amount: str, number: bytes, raw: str) -> None:
    """An amount is its shortest JSON number; `raw_amount` is its decimal string."""
    collection = document(amount)
    (session,) = collection["payment_sessions"]

    assert number == jsontext.write(collection["amount"])
    assert number == jsontext.write(session["amount"])
    assert {"value": raw, "precision": 20} == session["raw_amount"]
