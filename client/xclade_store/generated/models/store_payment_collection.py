from __future__ import annotations

import datetime
from decimal import Decimal
from typing import ClassVar

import attrs

from ...json_values import UNSET, nullable_json_object
from ...model import Model, amount_of, as_tuple, field_names, nullable_amount
from ..models.metadata import Metadata
from ..models.store_payment import StorePayment
from ..models.store_payment_provider import StorePaymentProvider
from ..models.store_payment_session import StorePaymentSession


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class StorePaymentCollection(Model):
    """A payment collection with at least its default fields.

    `currency_code`: ISO 4217, in lower case.

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `authorized_amount`: Major units; null until there is such an amount.

    `captured_amount`: Major units; null until there is such an amount.

    `refunded_amount`: Major units; null until there is such an amount.

    `metadata`: Data of the store's own code.

    `status`: How far the payment has come: `not_paid`, `awaiting`, `authorized`, `partially_authorized`,
    `canceled`, `failed`, `partially_captured` or `completed`. More may come.

    `payment_sessions`: Normally one, none before the first call."""

    id: str
    currency_code: str
    amount: Decimal = attrs.field(converter=amount_of)
    authorized_amount: Decimal | None = attrs.field(
        default=UNSET, converter=nullable_amount
    )
    captured_amount: Decimal | None = attrs.field(
        default=UNSET, converter=nullable_amount
    )
    refunded_amount: Decimal | None = attrs.field(
        default=UNSET, converter=nullable_amount
    )
    completed_at: datetime.datetime | None = UNSET
    created_at: datetime.datetime = UNSET
    updated_at: datetime.datetime = UNSET
    metadata: Metadata | None = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
    status: str = UNSET
    payment_providers: tuple[StorePaymentProvider, ...] = attrs.field(
        default=UNSET, converter=as_tuple
    )
    payment_sessions: tuple[StorePaymentSession, ...] = attrs.field(
        default=UNSET, converter=as_tuple
    )
    payments: tuple[StorePayment, ...] = attrs.field(default=UNSET, converter=as_tuple)

    _added_by_fields: ClassVar = frozenset(
        [
            "authorized_amount",
            "captured_amount",
            "refunded_amount",
            "completed_at",
            "created_at",
            "updated_at",
            "metadata",
            "status",
            "payment_providers",
            "payments",
        ]
    )
