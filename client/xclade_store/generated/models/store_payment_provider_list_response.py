from __future__ import annotations

import attrs

from ...model import Model, as_tuple, field_names
from ..models.store_payment_provider import StorePaymentProvider


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class StorePaymentProviderListResponse(Model):
    """StorePaymentProviderListResponse

    `count`: The number of the region's providers, on all pages."""

    payment_providers: tuple[StorePaymentProvider, ...] = attrs.field(
        converter=as_tuple
    )
    count: int
    offset: int
    limit: int
