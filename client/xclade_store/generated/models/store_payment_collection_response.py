from __future__ import annotations

import attrs

from ...model import Model, field_names
from ..models.store_payment_collection import StorePaymentCollection
from ..models.store_payment_collection_selection import StorePaymentCollectionSelection


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class StorePaymentCollectionResponse(Model):
    """StorePaymentCollectionResponse

    `payment_collection`: With the default fields, or more, the first; when `fields` left some out, the second."""

    payment_collection: StorePaymentCollection | StorePaymentCollectionSelection
