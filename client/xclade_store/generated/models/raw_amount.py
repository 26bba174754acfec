from __future__ import annotations

from typing import ClassVar

from .. import types


class RawAmount(types.Model):
    """The amount as an exact decimal, in major units.

    `precision`: How many significant digits the backend calculates with."""

    value: str
    precision: int

    _readers: ClassVar = {
        "value": ("value", types.text),
        "precision": ("precision", types.integer),
    }
    _required: ClassVar = frozenset(
        {
            "value",
        }
    )
