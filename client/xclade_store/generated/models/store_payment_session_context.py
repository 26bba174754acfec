from __future__ import annotations

from ...json_values import JsonObject

StorePaymentSessionContext = JsonObject
"""What the provider is told: the signed-in `customer`, and as `account_holder` the customer's
account at the provider. Empty for a guest."""
