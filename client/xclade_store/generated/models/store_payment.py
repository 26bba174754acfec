from __future__ import annotations

import datetime
from decimal import Decimal
from typing import ClassVar

from .. import types
from ..models.back_reference import BackReference
from ..models.store_capture import StoreCapture
from ..models.store_payment_data import StorePaymentData
from ..models.store_refund import StoreRefund


class StorePayment(types.Model):
    """A payment that a provider authorized; inside a session it may be just its id.

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `authorized_amount`: Major units; null until there is such an amount.

    `currency_code`: ISO 4217, in lower case.

    `captured_amount`: Major units; null until there is such an amount.

    `refunded_amount`: Major units; null until there is such an amount.

    `payment_collection`: The object that this one belongs to, as far as `fields` asks for it.

    `payment_session`: The object that this one belongs to, as far as `fields` asks for it."""

    id: str
    amount: Decimal
    authorized_amount: Decimal | None
    currency_code: str
    provider_id: str
    data: None | StorePaymentData
    created_at: datetime.datetime
    updated_at: datetime.datetime
    captured_at: datetime.datetime | None
    canceled_at: datetime.datetime | None
    captured_amount: Decimal | None
    refunded_amount: Decimal | None
    captures: tuple[StoreCapture, ...]
    refunds: tuple[StoreRefund, ...]
    payment_collection: BackReference | None
    payment_session: BackReference | None

    _readers: ClassVar = {
        "id": ("id", types.text),
        "amount": ("amount", types.decimal),
        "authorized_amount": ("authorized_amount", types.nullable(types.decimal)),
        "currency_code": ("currency_code", types.text),
        "provider_id": ("provider_id", types.text),
        "data": ("data", types.nullable(StorePaymentData.from_dict)),
        "created_at": ("created_at", types.moment),
        "updated_at": ("updated_at", types.moment),
        "captured_at": ("captured_at", types.nullable(types.moment)),
        "canceled_at": ("canceled_at", types.nullable(types.moment)),
        "captured_amount": ("captured_amount", types.nullable(types.decimal)),
        "refunded_amount": ("refunded_amount", types.nullable(types.decimal)),
        "captures": ("captures", types.listed(StoreCapture.from_dict)),
        "refunds": ("refunds", types.listed(StoreRefund.from_dict)),
        "payment_collection": (
            "payment_collection",
            types.nullable(BackReference.from_dict),
        ),
        "payment_session": ("payment_session", types.nullable(BackReference.from_dict)),
    }
    _required: ClassVar = frozenset(
        {
            "id",
        }
    )
