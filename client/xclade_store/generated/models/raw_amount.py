from __future__ import annotations

import attrs

from ...json_values import UNSET
from ...model import Model, field_names


@attrs.frozen(
    kw_only=True, eq=False, repr=False, slots=False, field_transformer=field_names
)
class RawAmount(Model):
    """The amount as an exact decimal, in major units.

    `precision`: The number of significant digits that the backend calculates with."""

    value: str
    precision: int = UNSET
