from __future__ import annotations

import datetime
from typing import ClassVar

from .. import types
from ..models.metadata import Metadata


class StoreRefundReason(types.Model):
    """What its fields say.

    `metadata`: Whatever the store's own code keeps there."""

    id: str
    label: str
    description: None | str
    metadata: Metadata | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    code: None | str

    _readers: ClassVar = {
        "id": ("id", types.text),
        "label": ("label", types.text),
        "description": ("description", types.nullable(types.text)),
        "metadata": ("metadata", types.nullable(Metadata.from_dict)),
        "created_at": ("created_at", types.moment),
        "updated_at": ("updated_at", types.moment),
        "code": ("code", types.nullable(types.text)),
    }
    _required: ClassVar = frozenset(
        {
            "id",
        }
    )
