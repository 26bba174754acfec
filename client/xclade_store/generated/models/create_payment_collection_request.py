from __future__ import annotations

import attrs

from ...model import Model, field_names


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class CreatePaymentCollectionRequest(Model):
    """CreatePaymentCollectionRequest

    `cart_id`: The id of the cart that is to be paid."""

    cart_id: str
