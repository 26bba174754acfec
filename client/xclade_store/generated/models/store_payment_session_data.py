from __future__ import annotations

from .. import types


class StorePaymentSessionData(types.OpenObject):
    """The provider's own view of the session, such as Stripe's PaymentIntent with the
    `client_secret` that the browser needs; amounts in it are in the provider's units."""
