from __future__ import annotations

from typing import ClassVar

from .. import types
from ..models.initialize_payment_session_request_data import (
    InitializePaymentSessionRequestData,
)


class InitializePaymentSessionRequest(types.Model):
    """What its fields say.

    `provider_id`: The id of the payment provider that the customer chose.

    `data`: Whatever the provider needs to process the payment. The new session's `data` is this, under
    what the provider itself returns. Strings with NUL characters or lone surrogates, and
    numbers beyond a double's range, are refused."""

    provider_id: str
    data: InitializePaymentSessionRequestData

    _readers: ClassVar = {
        "provider_id": ("provider_id", types.text),
        "data": ("data", InitializePaymentSessionRequestData.from_dict),
    }
    _required: ClassVar = frozenset(
        {
            "provider_id",
        }
    )
