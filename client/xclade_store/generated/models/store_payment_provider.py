from __future__ import annotations

from typing import ClassVar

import attrs

from ...json_values import UNSET
from ...model import Model, field_names


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class StorePaymentProvider(Model):
    """StorePaymentProvider

    `id`: The provider's id, `pp_{service}_{instance}`.

    `is_enabled`: Left out only when `fields` does not ask for it."""

    id: str
    is_enabled: bool = UNSET

    _added_by_fields: ClassVar = frozenset([])
