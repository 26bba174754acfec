from __future__ import annotations

import datetime
from decimal import Decimal
from typing import ClassVar

from .. import types
from ..models.back_reference import BackReference


class StoreCapture(types.Model):
    """What its fields say.

    `amount`: Major units: `25.5` in `usd` is $25.50.

    `payment`: The object that this one belongs to, as far as `fields` asks for it."""

    id: str
    amount: Decimal
    created_at: datetime.datetime
    created_by: None | str
    payment: BackReference | None

    _readers: ClassVar = {
        "id": ("id", types.text),
        "amount": ("amount", types.decimal),
        "created_at": ("created_at", types.moment),
        "created_by": ("created_by", types.nullable(types.text)),
        "payment": ("payment", types.nullable(BackReference.from_dict)),
    }
    _required: ClassVar = frozenset(
        {
            "id",
        }
    )
