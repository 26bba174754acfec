from __future__ import annotations

from .. import types


class StorePaymentData(types.OpenObject):
    """What its fields say."""
