from __future__ import annotations

from ...json_values import JsonObject

StorePaymentSessionContext = JsonObject
"""What the provider was told of the customer; empty for a guest."""
