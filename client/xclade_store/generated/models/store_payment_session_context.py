from __future__ import annotations

from .. import types


class StorePaymentSessionContext(types.OpenObject):
    """What the provider was told of the customer; empty for a guest."""
