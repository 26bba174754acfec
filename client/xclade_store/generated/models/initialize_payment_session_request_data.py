from __future__ import annotations

from ...json_values import JsonObject

InitializePaymentSessionRequestData = JsonObject
"""The data that the provider needs to process the payment. The new session's `data` is this,
merged with what the provider returns, which takes precedence. Strings with NUL characters
or lone surrogates, and numbers beyond a double's range, are refused."""
