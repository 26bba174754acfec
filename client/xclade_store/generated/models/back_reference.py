from __future__ import annotations

from ...json_values import JsonObject

BackReference = JsonObject
"""The object that this one belongs to, with the fields selected by `fields`."""
