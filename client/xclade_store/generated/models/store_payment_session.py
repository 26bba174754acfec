from __future__ import annotations

import datetime
from decimal import Decimal
from typing import ClassVar

from .. import types
from ..models.back_reference import BackReference
from ..models.metadata import Metadata
from ..models.raw_amount import RawAmount
from ..models.store_payment import StorePayment
from ..models.store_payment_session_context import StorePaymentSessionContext
from ..models.store_payment_session_data import StorePaymentSessionData


class StorePaymentSession(types.Model):
    """A payment session with at least its default fields.

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `currency_code`: ISO 4217, in lower case.

    `data`: The provider's own view of the session, such as Stripe's PaymentIntent with the
    `client_secret` that the browser needs; amounts in it are in the provider's units.

    `context`: What the provider was told of the customer; empty for a guest.

    `status`: How far the session has come: `pending`, `requires_more`, `pending_authorization`,
    `authorized`, `captured`, `canceled` or `error`. More may come.

    `payment`: The payment, once the session is authorized.

    `payment_collection`: The object that this one belongs to, as far as `fields` asks for it.

    `metadata`: Whatever the store's own code keeps there.

    `raw_amount`: The amount as an exact decimal, in major units."""

    id: str
    amount: Decimal
    currency_code: str
    provider_id: str
    data: StorePaymentSessionData
    context: None | StorePaymentSessionContext
    status: str
    authorized_at: datetime.datetime | None
    payment: None | StorePayment
    payment_collection_id: str
    payment_collection: BackReference | None
    metadata: Metadata | None
    raw_amount: RawAmount
    created_at: datetime.datetime
    updated_at: datetime.datetime
    deleted_at: datetime.datetime | None

    _readers: ClassVar = {
        "id": ("id", types.text),
        "amount": ("amount", types.decimal),
        "currency_code": ("currency_code", types.text),
        "provider_id": ("provider_id", types.text),
        "data": ("data", StorePaymentSessionData.from_dict),
        "context": ("context", types.nullable(StorePaymentSessionContext.from_dict)),
        "status": ("status", types.text),
        "authorized_at": ("authorized_at", types.nullable(types.moment)),
        "payment": ("payment", types.nullable(StorePayment.from_dict)),
        "payment_collection_id": ("payment_collection_id", types.text),
        "payment_collection": (
            "payment_collection",
            types.nullable(BackReference.from_dict),
        ),
        "metadata": ("metadata", types.nullable(Metadata.from_dict)),
        "raw_amount": ("raw_amount", RawAmount.from_dict),
        "created_at": ("created_at", types.moment),
        "updated_at": ("updated_at", types.moment),
        "deleted_at": ("deleted_at", types.nullable(types.moment)),
    }
    _required: ClassVar = frozenset(
        {
            "id",
            "amount",
            "currency_code",
            "provider_id",
            "data",
            "context",
            "status",
            "authorized_at",
            "payment",
        }
    )
