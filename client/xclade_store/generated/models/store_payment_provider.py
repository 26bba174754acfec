from __future__ import annotations

from typing import ClassVar

from .. import types


class StorePaymentProvider(types.Model):
    """What its fields say.

    `id`: The provider's id, `pp_{service}_{instance}`.

    `is_enabled`: Left out only when `fields` does not ask for it."""

    id: str
    is_enabled: bool

    _readers: ClassVar = {
        "id": ("id", types.text),
        "is_enabled": ("is_enabled", types.boolean),
    }
    _required: ClassVar = frozenset(
        {
            "id",
        }
    )
