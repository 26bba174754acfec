from __future__ import annotations

import datetime
from decimal import Decimal
from typing import ClassVar

from .. import types
from ..models.back_reference import BackReference
from ..models.store_refund_reason import StoreRefundReason


class StoreRefund(types.Model):
    """What its fields say.

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `payment`: The object that this one belongs to, as far as `fields` asks for it."""

    id: str
    amount: Decimal
    refund_reason_id: None | str
    note: None | str
    created_at: datetime.datetime
    created_by: None | str
    payment: BackReference | None
    refund_reason: None | StoreRefundReason

    _readers: ClassVar = {
        "id": ("id", types.text),
        "amount": ("amount", types.decimal),
        "refund_reason_id": ("refund_reason_id", types.nullable(types.text)),
        "note": ("note", types.nullable(types.text)),
        "created_at": ("created_at", types.moment),
        "created_by": ("created_by", types.nullable(types.text)),
        "payment": ("payment", types.nullable(BackReference.from_dict)),
        "refund_reason": ("refund_reason", types.nullable(StoreRefundReason.from_dict)),
    }
    _required: ClassVar = frozenset(
        {
            "id",
        }
    )
