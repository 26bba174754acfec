"""The client calls each operation of the server and returns typed models."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from xclade_store import (
    PaymentRefused,
    StoreClient,
    StorePaymentCollection,
    StorePaymentCollectionSelection,
)


@pytest.fixture
def client(serve: Any) -> Iterator[StoreClient]:
    """Yield a client for a fresh demo store."""
    with StoreClient(serve(), publishable_key="pk_demo") as client:
        yield client


def test_list_payment_providers(client: StoreClient) -> None:
    """The providers of a region are returned as typed models."""
    page = client.list_payment_providers("reg_demo", limit=1, offset=1)

    assert (2, 1, 1) == (page.count, page.limit, page.offset)
    assert ["pp_system_default"] == [provider.id for provider in page.payment_providers]


def test_create_payment_collection(client: StoreClient) -> None:
    """A new collection has the cart's total and no sessions; a second call returns the same."""
    created = client.create_payment_collection("cart_new")

    assert isinstance(created, StorePaymentCollection)
    assert (Decimal(40), "usd") == (created.amount, created.currency_code)
    assert not created.payment_sessions
    assert created == client.create_payment_collection("cart_new")


def test_initialize_payment_session(client: StoreClient) -> None:
    """The new session is returned as a typed model with the data sent."""
    collection = client.initialize_payment_session(
        "pay_col_demo", provider_id="pp_system_default", data={"note": "gift"}
    )

    (session,) = collection.payment_sessions
    assert (Decimal("25.5"), "pending", "gift") == (
        session.amount,
        session.status,
        session.data["note"],
    )
    assert session.authorized_at is None


def test_selected_fields(client: StoreClient) -> None:
    """With `fields`, a selection is returned."""
    collection = client.initialize_payment_session(
        "pay_col_demo", provider_id="pp_system_default", fields="status"
    )

    assert isinstance(collection, StorePaymentCollectionSelection)
    assert "not_paid" == collection.status


def test_refusal(client: StoreClient) -> None:
    """A refusal raises an error with its status, type and code."""
    with pytest.raises(PaymentRefused) as caught:
        client.initialize_payment_session("pay_col_free", provider_id="pp_stripe_stripe")

    error = caught.value
    assert (422, "payment_authorization_error", "invalid_request_error") == (
        error.status,
        error.type,
        error.code,
    )


def test_same_idempotency_key_is_one_session(client: StoreClient) -> None:
    """A retry with the same key returns the first response."""
    first, second = (
        client.initialize_payment_session(
            "pay_col_demo", provider_id="pp_system_default", idempotency_key="checkout-1"
        )
        for _ in range(2)
    )

    assert first == second
