from __future__ import annotations

import datetime

import attrs

from ...json_values import UNSET, nullable_json_object
from ...model import Model, field_names
from ..models.metadata import Metadata


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class StoreRefundReason(Model):
    """StoreRefundReason

    `metadata`: Data of the store's own code."""

    id: str
    label: str = UNSET
    description: None | str = UNSET
    metadata: Metadata | None = attrs.field(
        default=UNSET, converter=nullable_json_object
    )
    created_at: datetime.datetime = UNSET
    updated_at: datetime.datetime = UNSET
    code: None | str = UNSET
