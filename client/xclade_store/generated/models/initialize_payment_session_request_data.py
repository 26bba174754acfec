from __future__ import annotations

from ...json_values import JsonObject

InitializePaymentSessionRequestData = JsonObject
"""Whatever the provider needs to process the payment. The new session's `data` is this, under
what the provider itself returns. Strings with NUL characters or lone surrogates, and
numbers beyond a double's range, are refused."""
