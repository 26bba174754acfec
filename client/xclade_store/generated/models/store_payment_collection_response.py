from __future__ import annotations

from typing import ClassVar

from .. import types
from ..models.store_payment_collection import StorePaymentCollection
from ..models.store_payment_collection_selection import StorePaymentCollectionSelection


class StorePaymentCollectionResponse(types.Model):
    """What its fields say.

    `payment_collection`: With the default fields, or more, the first; when `fields` left some out, the second."""

    payment_collection: StorePaymentCollection | StorePaymentCollectionSelection

    _readers: ClassVar = {
        "payment_collection": (
            "payment_collection",
            types.either(
                StorePaymentCollection.from_dict,
                StorePaymentCollectionSelection.from_dict,
            ),
        ),
    }
    _required: ClassVar = frozenset(
        {
            "payment_collection",
        }
    )
