from __future__ import annotations

import datetime
from decimal import Decimal
from typing import ClassVar

from .. import types
from ..models.metadata import Metadata
from ..models.store_payment import StorePayment
from ..models.store_payment_provider import StorePaymentProvider
from ..models.store_payment_session_selection import StorePaymentSessionSelection


class StorePaymentCollectionSelection(types.Model):
    """A payment collection of which `fields` left out some of the default fields.

    `currency_code`: ISO 4217, in lower case.

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `authorized_amount`: Major units; null until there is such an amount.

    `captured_amount`: Major units; null until there is such an amount.

    `refunded_amount`: Major units; null until there is such an amount.

    `metadata`: Whatever the store's own code keeps there.

    `status`: How far the payment has come: `not_paid`, `awaiting`, `authorized`, `partially_authorized`,
    `canceled`, `failed`, `partially_captured` or `completed`. More may come."""

    id: str
    currency_code: str
    amount: Decimal
    authorized_amount: Decimal | None
    captured_amount: Decimal | None
    refunded_amount: Decimal | None
    completed_at: datetime.datetime | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    metadata: Metadata | None
    status: str
    payment_providers: tuple[StorePaymentProvider, ...]
    payment_sessions: tuple[StorePaymentSessionSelection, ...]
    payments: tuple[StorePayment, ...]

    _readers: ClassVar = {
        "id": ("id", types.text),
        "currency_code": ("currency_code", types.text),
        "amount": ("amount", types.decimal),
        "authorized_amount": ("authorized_amount", types.nullable(types.decimal)),
        "captured_amount": ("captured_amount", types.nullable(types.decimal)),
        "refunded_amount": ("refunded_amount", types.nullable(types.decimal)),
        "completed_at": ("completed_at", types.nullable(types.moment)),
        "created_at": ("created_at", types.moment),
        "updated_at": ("updated_at", types.moment),
        "metadata": ("metadata", types.nullable(Metadata.from_dict)),
        "status": ("status", types.text),
        "payment_providers": (
            "payment_providers",
            types.listed(StorePaymentProvider.from_dict),
        ),
        "payment_sessions": (
            "payment_sessions",
            types.listed(StorePaymentSessionSelection.from_dict),
        ),
        "payments": ("payments", types.listed(StorePayment.from_dict)),
    }
    _required: ClassVar = frozenset(
        {
            "id",
        }
    )
