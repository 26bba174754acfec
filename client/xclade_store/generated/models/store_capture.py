from __future__ import annotations

import datetime
from decimal import Decimal

import attrs

from ...json_values import UNSET, nullable_json_object
from ...model import Model, amount_of, field_names
from ..models.back_reference import BackReference


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class StoreCapture(Model):
    """StoreCapture

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `payment`: The object that this one belongs to, with the fields selected by `fields`."""

    id: str
    amount: Decimal = attrs.field(default=UNSET, converter=amount_of)
    created_at: datetime.datetime = UNSET
    created_by: None | str = UNSET
    payment: BackReference | None = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
