from __future__ import annotations

import attrs

from ...json_values import UNSET, json_object
from ...model import Model, field_names
from ..models.initialize_payment_session_request_data import (
    InitializePaymentSessionRequestData,
)


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class InitializePaymentSessionRequest(Model):
    """InitializePaymentSessionRequest

    `provider_id`: The id of the payment provider that the customer chose.

    `data`: The data that the provider needs to process the payment. The new session's `data` is this,
    merged with what the provider returns, which takes precedence. Strings with NUL characters
    or lone surrogates, and numbers beyond a double's range, are refused."""

    provider_id: str
    data: InitializePaymentSessionRequestData = attrs.field(
        default=UNSET, converter=json_object
    )
