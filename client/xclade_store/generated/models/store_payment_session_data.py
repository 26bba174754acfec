from __future__ import annotations

from ...json_values import JsonObject

StorePaymentSessionData = JsonObject
"""The provider's own view of the session, such as Stripe's PaymentIntent with the
`client_secret` that the browser needs; amounts in it are in the provider's units."""
