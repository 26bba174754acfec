from __future__ import annotations

from ...json_values import JsonObject

StorePaymentSessionContext = JsonObject
"""The customer as passed to the provider; empty for a guest."""
