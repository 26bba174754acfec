from __future__ import annotations

import datetime
from decimal import Decimal

import attrs

from ...json_values import UNSET, nullable_json_object
from ...model import Model, amount_of, as_tuple, field_names, nullable_amount
from ..models.back_reference import BackReference
from ..models.store_capture import StoreCapture
from ..models.store_payment_data import StorePaymentData
from ..models.store_refund import StoreRefund


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class StorePayment(Model):
    """A payment that a provider authorized; inside a session it may be just its id.

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `authorized_amount`: Major units; null until there is such an amount.

    `currency_code`: ISO 4217, in lower case.

    `captured_amount`: Major units; null until there is such an amount.

    `refunded_amount`: Major units; null until there is such an amount.

    `payment_collection`: The object that this one belongs to, with the fields selected by `fields`.

    `payment_session`: The object that this one belongs to, with the fields selected by `fields`."""

    id: str
    amount: Decimal = attrs.field(default=UNSET, converter=amount_of)
    authorized_amount: Decimal | None = attrs.field(
        default=UNSET, converter=nullable_amount
    )
    currency_code: str = UNSET
    provider_id: str = UNSET
    data: None | StorePaymentData = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
    created_at: datetime.datetime = UNSET
    updated_at: datetime.datetime = UNSET
    captured_at: datetime.datetime | None = UNSET
    canceled_at: datetime.datetime | None = UNSET
    captured_amount: Decimal | None = attrs.field(
        default=UNSET, converter=nullable_amount
    )
    refunded_amount: Decimal | None = attrs.field(
        default=UNSET, converter=nullable_amount
    )
    captures: tuple[StoreCapture, ...] = attrs.field(default=UNSET, converter=as_tuple)
    refunds: tuple[StoreRefund, ...] = attrs.field(default=UNSET, converter=as_tuple)
    payment_collection: BackReference | None = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
    payment_session: BackReference | None = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
