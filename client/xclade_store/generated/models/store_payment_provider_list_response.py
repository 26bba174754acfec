from __future__ import annotations

from typing import ClassVar

from .. import types
from ..models.store_payment_provider import StorePaymentProvider


class StorePaymentProviderListResponse(types.Model):
    """What its fields say.

    `count`: How many providers the region has, on all pages."""

    payment_providers: tuple[StorePaymentProvider, ...]
    count: int
    offset: int
    limit: int

    _readers: ClassVar = {
        "payment_providers": (
            "payment_providers",
            types.listed(StorePaymentProvider.from_dict),
        ),
        "count": ("count", types.integer),
        "offset": ("offset", types.integer),
        "limit": ("limit", types.integer),
    }
    _required: ClassVar = frozenset(
        {
            "payment_providers",
            "count",
            "offset",
            "limit",
        }
    )
