from __future__ import annotations

from typing import ClassVar

from .. import types


class CreatePaymentCollectionRequest(types.Model):
    """What its fields say.

    `cart_id`: The id of the cart that is to be paid."""

    cart_id: str

    _readers: ClassVar = {
        "cart_id": ("cart_id", types.text),
    }
    _required: ClassVar = frozenset(
        {
            "cart_id",
        }
    )
