from __future__ import annotations

import datetime
from decimal import Decimal
from typing import ClassVar

import attrs

from ...json_values import UNSET, json_object, nullable_json_object
from ...model import Model, amount_of, field_names
from ..models.back_reference import BackReference
from ..models.metadata import Metadata
from ..models.raw_amount import RawAmount
from ..models.store_payment import StorePayment
from ..models.store_payment_session_context import StorePaymentSessionContext
from ..models.store_payment_session_data import StorePaymentSessionData


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class StorePaymentSession(Model):
    """A payment session with at least its default fields.

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `currency_code`: ISO 4217, in lower case.

    `data`: The provider's own view of the session, such as Stripe's PaymentIntent with the
    `client_secret` that the browser needs; amounts in it are in the provider's units.

    `status`: How far the session has come: `pending`, `requires_more`, `pending_authorization`,
    `authorized`, `captured`, `canceled` or `error`. More may come.

    `context`: What the provider is told: the signed-in `customer`, and as `account_holder` the customer's
    account at the provider. Empty for a guest.

    `payment_collection`: The object that this one belongs to, with the fields selected by `fields`.

    `payment`: The payment, once the session is authorized.

    `metadata`: Data of the store's own code.

    `raw_amount`: The amount as an exact decimal, in major units."""

    id: str
    amount: Decimal = attrs.field(converter=amount_of)
    currency_code: str
    provider_id: str
    data: StorePaymentSessionData = attrs.field(converter=json_object)
    status: str
    context: None | StorePaymentSessionContext = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
    authorized_at: datetime.datetime | None = UNSET
    payment_collection_id: str = UNSET
    payment_collection: BackReference | None = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
    payment: None | StorePayment = UNSET
    metadata: Metadata | None = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
    raw_amount: RawAmount = UNSET
    created_at: datetime.datetime = UNSET
    updated_at: datetime.datetime = UNSET
    deleted_at: datetime.datetime | None = UNSET

    _added_by_fields: ClassVar = frozenset(["payment_collection"])
